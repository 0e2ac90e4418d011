import FCNTestSupport
import Testing

@testable import FCNSwift

/// Pickles that go wrong, on purpose or not.
struct PickleMachineTests {
  private typealias Build = PickleBuilder

  @discardableResult
  private func run(_ body: [UInt8]) throws -> Pickle {
    let bytes = Build.pickle(body)
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    return try PickleMachine.run(StoredBytes(storage))
  }

  private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func root(_ body: [UInt8]) throws -> PickleObject {
    let pickle = try run(body)
    return pickle.heap[pickle.root]
  }

  @Test(
    arguments: [
      ([0x4B, 200], 200), ([0x4D, 1, 2], 513), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2),
      ([0x8A, 0], 0), ([0x8A, 1, 0xFF], -1), ([0x8A, 2, 0xFF, 0], 255),
      ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], Int.min), ([0x8B, 1, 0, 0, 0, 5], 5),
    ] as [([UInt8], Int)])
  func integersAreRead(body: [UInt8], value: Int) throws {
    guard case .integer(value) = try root(body) else {
      Issue.record("\(try root(body)); wanted \(value)")
      return
    }
  }

  @Test(arguments: [
    "os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.getattr",
    "__builtin__.getattr", "subprocess.Popen", "torch.load", "torch._utils.something",
    "torch.storage._load_from_bytes", "numpy.load", "collections.namedtuple", "torch.FooStorage",
    "torch.Storage", "torch.hub.load", ".", "a.", "builtins.exec", "sys.exit",
    "importlib.import_module",
    "ctypes.CDLL", "types.FunctionType", "operator.attrgetter", "a.b.eval", "cloudpickle.loads",
  ])
  func whatCouldDoSomethingIsRefusedWhetherCalledOrNot(global: String) throws {
    let dot = try #require(global.lastIndex(of: "."))
    let (module, name) = (String(global[..<dot]), String(global[global.index(after: dot)...]))
    for body in [
      Build.global(module, name), Build.text(module) + Build.text(name) + [0x93],
      Build.global(module, name) + ascii(")R"),
    ] {
      expectError(.unsupported, saying: "\"\(global)\"", "nothing of it was run") {
        try run(body)
      }
    }
  }

  @Test func whatNoTensorNeedsIsInert() throws {
    let inert: [(String, String)] = [
      ("numpy.core.multiarray", "scalar"), ("numpy", "ndarray"), ("torch", "Tensor"),
      ("numpy._core.multiarray", "scalar"), ("_codecs", "encode"), ("builtins", "set"),
      ("__builtin__", "set"), ("torch", "device"),
    ]
    for (module, name) in inert where (module, name) != ("_codecs", "encode") {
      // Called, made anew, with attributes, with elements.
      for call in [")R", ")\u{81}", ")\u{81}}b", ")R(NNu", ")R(Ne", ")}\u{92}"] {
        let body = Build.global(module, name) + call.unicodeScalars.map { UInt8($0.value) }
        guard case .inert = try root(body) else {
          Issue.record("\(module).\(name) \(call) is \(try root(body))")
          continue
        }
      }
    }
  }

  @Test func anUnknownClassIsAnObjectThatDoesNothing() throws {
    let unknown: [(String, String)] = [
      ("argparse", "Namespace"), ("collections", "Counter"), ("collections", "deque"),
      ("pathlib", "PosixPath"), ("datetime", "datetime"), ("functools", "partial"),
      ("torch.nn.modules.loss", "CrossEntropyLoss"), ("omegaconf.dictconfig", "DictConfig"),
      ("__main__", "Config"), ("torchvision.models.resnet", "ResNet50_Weights"),
    ]
    for (module, name) in unknown {
      for call in [")R", ")\u{81}", ")\u{81}}b", ")R(NNu", ")R(Ne", ")}\u{92}"] {
        let body = Build.global(module, name) + call.unicodeScalars.map { UInt8($0.value) }
        let pickle = try run(body)
        guard case .instance(let number) = pickle.heap[pickle.root] else {
          Issue.record("\(module).\(name) \(call) is \(pickle.heap[pickle.root])")
          continue
        }
        #expect(
          try pickle.heap.className(of: pickle.heap.instances[number]) == "\(module).\(name)")
      }
    }
    // A name that leads through a module's imports: torch.nn's "os.system".
    expectError(.unsupported, saying: "os.system") {
      try run(Build.text("torch.nn") + Build.text("os.system") + [0x93])
    }
  }

  @Test(
    arguments: [
      ("I7\n", 7), ("I-3\n", -3), ("L123L\n", 123), ("L-9L\n", -9), ("I5\np3\n0g3\n", 5),
    ])
  func integersOfProtocolZeroAreRead(text: String, value: Int) throws {
    guard case .integer(value) = try root(ascii(text)) else {
      Issue.record("\(try root(ascii(text))); wanted \(value)")
      return
    }
  }

  @Test(
    arguments: [
      ("S'ab'\n", "ab"), ("S\"a'b\"\n", "a'b"), ("S'a\\n\\x41\\\\'\n", "a\nA\\"),
      ("Vab\n", "ab"), ("Va\\u00e9\\u005c\n", "aé\\"), ("V\\U0001f600\n", "😀"), ("V\n", ""),
    ])
  func textsOfProtocolZeroAreRead(text: String, value: String) throws {
    let pickle = try run(ascii(text))
    #expect(try pickle.heap.string(at: pickle.root) == value)
  }

  @Test(arguments: [
    "Ix\n", "I\n", "L\n", "Sab\n", "S'\n", "S'a\\'\n", "S'\\x4'\n", "S'\\q'\n", "V\\u12\n",
    "V\\ud800\n", "gx\n", "g7\n", "Np-1\n", "S'", "I1", "(o", "(imodule\nname", "(No",
  ])
  func linesThatMakeNoSenseAreCorrupt(text: String) {
    expectError(.corrupt) { try run(ascii(text)) }
  }

  @Test func objectsOfPythonTwosOlderKindAreObjects() throws {
    for body in ["(imodule\nClass\n", "(NI1\nimodule\nClass\n", "(cmodule\nClass\nNo"] {
      guard case .instance = try root(ascii(body)) else {
        Issue.record("\(body) is no object")
        continue
      }
    }
  }

  @Test func decodedTextsShareOneAllowance() throws {
    // The same text of 1000 characters beyond ASCII, made bytes again and again.
    var long: [UInt8] = [0x58] + littleEndian(UInt32(2000)) + [UInt8](repeating: 0, count: 2000)
    for index in stride(from: 5, to: long.count, by: 2) {
      (long[index], long[index + 1]) = (0xC3, 0xBF)
    }
    var body = long + [0x71, 0] + Build.global("_codecs", "encode") + [0x71, 1]
    for _ in 0..<100 { body += [0x68, 1, 0x68, 0, 0x85, 0x52] }
    expectError(.outOfMemory, saying: "limit for one of its length") { try run(body) }
  }

  @Test(arguments: [
    // Nothing there to take, or only beyond a mark.
    "", "0", "1", "2", "a", "e", "s", "u", "b", "R", "Q", "t", "(", "N(a", "(N(R", "}(Nu",
    "N\u{85}\u{86}", "N\u{87}", "\u{81}", "\u{92}", "\u{93}", "N\u{93}", "\u{94}", "q\u{0}",
    "h\u{0}", "j\u{0}\u{0}\u{0}\u{0}", "Nq\u{0}0h\u{1}", "(Nd", "\u{91}", "\u{90}",
    // Of the wrong kind.
    "NNa", "]NNs", "}Na", "N)R", "]NR", "NNb", ")Nb", "NN\u{93}", "NQ", ")Q", "((ttQ", "NNR",
    "\u{5D}(NNu", "}(NNe",
  ])
  func whatMakesNoSenseIsCorrupt(text: String) {
    let body = text.unicodeScalars.map { UInt8($0.value) }
    expectError(.corrupt) { try run(body) }
  }

  @Test func callsOfTheWrongThingsAreRefused() {
    let rebuild = Build.global("torch._utils", "_rebuild_tensor_v2")
    let typed = Build.global("torch._utils", "_rebuild_tensor_v3")
    let parameter = Build.global("torch._utils", "_rebuild_parameter")
    let storage = Build.storage(count: 8)
    let tensor = Build.tensor(storage, shape: [1], strides: [1])
    for body in [
      rebuild + ascii(")R"), rebuild + ascii("NR"), rebuild + ascii("(NNNNtR"),
      rebuild + Build.tuple(storage, Build.integer(0), ascii("N"), ascii(")")) + ascii("R"),
      rebuild + Build.tuple(storage, Build.integer(-1), ascii(")"), ascii(")")) + ascii("R"),
      rebuild + Build.tuple(storage, Build.integer(0), ascii(")")) + ascii("R"),
      typed + Build.tuple(storage, Build.integer(0), ascii(")"), ascii(")")) + ascii("R"),
      parameter + ascii(")R"), parameter + [0x4E, 0x85, 0x52],
      Build.global("torch", "Size") + ascii(")R"),
      Build.global("torch", "FloatStorage") + ascii(")R"),
      Build.global("torch", "float32") + ascii(")R"),
      Build.global("collections", "OrderedDict") + ascii("NtR"),
      Build.global("collections", "OrderedDict") + ascii("(](NetR"),
      tensor + Build.tuple(storage) + ascii("b"),
    ] {
      #expect(throws: FCNError.self) { try run(body) }
    }
  }

  @Test func opcodesThatAreNotReadAreNamed() {
    expectError(.unsupported, saying: "byte 2", "opcode ext1", "0x82") { try run([0x82, 1]) }
    expectError(.unsupported, saying: "opcode persid") { try run(ascii("P1\n")) }
    expectError(.corrupt, saying: "byte 3", "no opcode 0xff") { try run([0x4E, 0xFF]) }
    expectError(.unsupported, saying: "protocol 6") { try run([0x80, 6]) }
  }

  @Test func lengthsThatLieAreCorrupt() {
    let wide = littleEndian(UInt64.max)
    let large = littleEndian(UInt64(Int.max))
    for body in [
      [0x8B] + littleEndian(Int32.max), [0x8B] + littleEndian(Int32(-1)),
      [0x8A, 255], [0x8E] + wide, [0x8E] + large, [0x8D] + wide, [0x8D] + large, [0x96] + large,
      [0x58] + littleEndian(UInt32.max), [0x42] + littleEndian(UInt32.max),
      [0x54] + littleEndian(UInt32.max), [0x8C, 255], [0x43, 255], [0x55, 255], [0x95] + wide,
      [0x95] + large, [0x47, 0], ascii("ctorch\nFloat"), ascii("ctorch"),
    ] {
      expectError(.corrupt) { try run(body) }
    }
  }

  @Test func depthIsNoTrouble() throws {
    let count = 100_000
    let lists = [UInt8](repeating: 0x5D, count: count)
    let pickle = try run(lists + [UInt8](repeating: 0x61, count: count - 1))
    guard case .list = pickle.heap[pickle.root] else {
      Issue.record("wanted a list")
      return
    }
    try run(ascii("N") + [UInt8](repeating: 0x85, count: count))
    // As the object of a file it is a list like any other.
    expectError(.unsupported, saying: "a list of 1") {
      _ = try readForeign(
        Build.torchFile(lists + [UInt8](repeating: 0x61, count: count - 1)))
    }
  }

  @Test func sharingIsNotExpanded() throws {
    // l0 = []; l1 = [l0, l0]; l2 = [l1, l1]; … 2^200 lists to whoever copies them.
    var body = ascii("]") + [0x71, 0]
    for index in 1...200 as ClosedRange<UInt8> {
      body += ascii("](") + [0x68, index - 1, 0x68, index - 1] + ascii("e") + [0x71, index]
    }
    try run(body)
    // A dictionary made again and again of one list of pairs is copied, which is counted.
    let pairs = [UInt8]([0x5D, 0x28]) + (0..<3000).flatMap { _ in [0x4E, 0x4E, 0x86] }
    var copies = pairs + ascii("e") + [0x71, 0]
    copies += Build.global("collections", "OrderedDict") + [0x71, 1]
    for _ in 0..<1000 { copies += [0x68, 1, 0x68, 0, 0x85, 0x52] }
    expectError(.unsupported, saying: "steps, the limit") { try run(copies) }
  }

  @Test func stepsAreLimited() {
    let body = [UInt8](repeating: 0x4E, count: PickleMachine.largestStepCount + 1)
    expectError(.unsupported, saying: "4194304 steps") { try run(body) }
  }

  @Test func aPickleBeyondItsEndIsLeftAlone() throws {
    let bytes = Build.pickle(ascii("N")) + [0xFF, 0xFF]
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    #expect(try PickleMachine.run(StoredBytes(storage)).end == 4)
  }
}
