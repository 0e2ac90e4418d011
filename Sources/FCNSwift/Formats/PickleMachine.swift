/// What a pickle built, and where it ended.
struct Pickle {
  let heap: PickleHeap
  /// The place of the object that the pickle is of.
  let root: Int
  /// Bytes from the start of the source to the end of the pickle.
  let end: Int
}

/// Interprets a pickle, protocols 0 to 5, for the tensors in it. Nothing is imported or called: what
/// files of tensors are made with is on a list (`PickleGlobal`), classes that are not become objects
/// that do nothing, and names that could do something (`PickleRefusals`) end the reading.
struct PickleMachine {
  /// The most opcodes that are interpreted. A checkpoint has some fifty for each tensor.
  static let largestStepCount = 1 << 22

  var heap: PickleHeap
  var cursor: ByteCursor
  private var stack: [Int] = []
  // How many objects were on the stack at each mark.
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]
  private var steps = 0

  /// Interprets the pickle that starts at byte `start` of `source`.
  ///
  /// Throws `corrupt` where it ends early or makes no sense, `unsupported` where it needs something
  /// that is not on the list, or passes a limit.
  static func run(_ source: StoredBytes, from start: Int = 0) throws -> Pickle {
    var machine = PickleMachine(source)
    return try withExtendedLifetime(source) { try machine.interpret(from: start) }
  }

  private mutating func interpret(from start: Int) throws -> Pickle {
    try cursor.move(to: start)
    while true {
      let offset = cursor.position
      guard cursor.remaining > 0 else {
        throw FCNError(
          .corrupt, "the pickle breaks off at byte \(offset); the file has been cut off")
      }
      let byte = try cursor.integer(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw FCNError(
          .corrupt, "pickle, byte \(offset): there is no opcode 0x\(String(byte, radix: 16))")
      }
      let isLast = try naming("pickle, byte \(offset)") {
        try spend(1)
        try step(opcode)
        return opcode == .stop
      }
      if isLast { return Pickle(heap: heap, root: try pop(), end: cursor.position) }
    }
  }

  private init(_ source: StoredBytes) {
    heap = PickleHeap(source: source)
    cursor = ByteCursor(source.bytes, of: "operand")
  }

  /// Counts `count` steps, or as many copied elements, against the limit.
  mutating func spend(_ count: Int) throws {
    guard count <= Self.largestStepCount - steps else {
      throw FCNError(
        .unsupported,
        "it takes more than \(Self.largestStepCount) steps, the limit; save the weights alone")
    }
    let before = steps
    steps += count
    // Asked once in some thousands of steps, however many are made at a time.
    if steps >> 12 != before >> 12 { try requireMemory(steps * 256) }
  }

  private mutating func step(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .proto, .frame: try skipFrame(opcode)
    case .stop: break
    case .mark, .pop, .popMark, .dup: try rearrange(opcode)
    case .binput, .longBinput, .put, .memoize, .binget, .longBinget, .get: try remember(opcode)
    case .none, .newTrue, .newFalse, .binint, .binint1, .binint2, .long1, .long4, .binfloat:
      push(try constant(opcode))
    case .binstring, .shortBinstring, .binunicode, .shortBinunicode, .binunicode8:
      push(heap.add(.text(try run(opcode))))
    case .binbytes, .shortBinbytes, .binbytes8, .bytearray8:
      push(heap.add(.blob(try run(opcode))))
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .emptyDict, .dict,
      .emptySet, .frozenset:
      push(try container(opcode))
    case .append, .appends, .addItems, .setitem, .setitems: try fill(opcode)
    case .global, .stackGlobal: push(heap.add(.global(try global(opcode))))
    case .reduce, .newobj, .newobjEx, .build, .binpersid, .inst, .obj: try call(opcode)
    case .int, .long, .float, .string, .unicode: push(try textConstant(opcode))
    case .persid, .ext1, .ext2, .ext4, .nextBuffer, .readonlyBuffer:
      throw FCNError(
        .unsupported,
        "the opcode \(opcode) (0x\(String(opcode.rawValue, radix: 16))) is not among those that "
          + "files of weights have; save the file again")
    }
  }

  // MARK: The stack

  private mutating func push(_ place: Int) { stack.append(place) }

  /// What is on top, which must be above the last mark.
  private func top() throws -> Int {
    guard stack.count > marks.last ?? 0, let place = stack.last else {
      throw FCNError(.corrupt, "the pickle takes an object that it did not make")
    }
    return place
  }

  private mutating func pop() throws -> Int {
    let place = try top()
    stack.removeLast()
    return place
  }

  /// Everything above the last mark, which goes too.
  private mutating func popToMark() throws -> [Int] {
    guard let mark = marks.popLast() else {
      throw FCNError(.corrupt, "the pickle goes back to a mark that it did not set")
    }
    let places = Array(stack[mark...])
    stack.removeLast(places.count)
    return places
  }

  private mutating func rearrange(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .mark: marks.append(stack.count)
    case .popMark: _ = try popToMark()
    case .dup: push(try top())
    default:
      // Right above a mark it is the mark that goes.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    }
  }

  private mutating func remember(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .binput: memo[Int(try cursor.integer(UInt8.self))] = try top()
    case .longBinput: memo[Int(try cursor.integer(UInt32.self))] = try top()
    case .put: memo[try textIndex()] = try top()
    case .memoize: memo[memo.count] = try top()
    default:
      let index =
        switch opcode {
        case .get: try textIndex()
        case .binget: Int(try cursor.integer(UInt8.self))
        default: Int(try cursor.integer(UInt32.self))
        }
      guard let place = memo[index] else {
        throw FCNError(.corrupt, "the pickle recalls object \(index), which it did not keep")
      }
      push(place)
    }
  }

  // MARK: Values

  private mutating func skipFrame(_ opcode: PickleOpcode) throws {
    if opcode == .frame {
      let length = try cursor.count(UInt64.self)
      guard length <= cursor.remaining else {
        throw FCNError(
          .corrupt,
          "a frame of \(length) bytes, and \(cursor.remaining) are left; the file has been cut off")
      }
    } else {
      let version = try cursor.integer(UInt8.self)
      guard version <= 5 else {
        throw FCNError(.unsupported, "the pickle is of protocol \(version); wanted 0 to 5")
      }
    }
  }

  private mutating func constant(_ opcode: PickleOpcode) throws -> Int {
    switch opcode {
    case .newTrue: return PickleHeap.true
    case .newFalse: return PickleHeap.false
    case .binint: return heap.add(.integer(Int(try cursor.integer(Int32.self))))
    case .binint1: return heap.add(.integer(Int(try cursor.integer(UInt8.self))))
    case .binint2: return heap.add(.integer(Int(try cursor.integer(UInt16.self))))
    case .long1: return try long(of: Int(try cursor.integer(UInt8.self)))
    case .long4: return try long(of: Int(try cursor.integer(Int32.self)))
    case .binfloat:
      _ = try cursor.take(8)
      return PickleHeap.inert
    default: return PickleHeap.none
    }
  }

  /// An integer of `count` bytes in two's complement; beyond eight only its bytes are kept.
  private mutating func long(of count: Int) throws -> Int {
    let start = cursor.position
    let bytes = try cursor.take(count)
    guard count <= 8 else { return heap.add(.blob(PickleBytes(start: start, count: count))) }
    var value = bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
    for byte in bytes.reversed() { value = value << 8 | Int(byte) }
    return heap.add(.integer(value))
  }

  /// The bytes after a length of the width that belongs to `opcode`.
  private mutating func run(_ opcode: PickleOpcode) throws -> PickleBytes {
    let count: Int
    switch opcode {
    case .shortBinstring, .shortBinunicode, .shortBinbytes: count = try cursor.count(UInt8.self)
    case .binunicode8, .binbytes8, .bytearray8: count = try cursor.count(UInt64.self)
    default: count = try cursor.count(UInt32.self)
    }
    let start = cursor.position
    _ = try cursor.take(count)
    return PickleBytes(start: start, count: count)
  }

  private mutating func container(_ opcode: PickleOpcode) throws -> Int {
    switch opcode {
    case .emptyTuple: return heap.addTuple([])
    case .tuple: return heap.addTuple(try popToMark())
    case .tuple1: return heap.addTuple([try pop()])
    case .tuple2:
      let second = try pop()
      return heap.addTuple([try pop(), second])
    case .tuple3:
      let (third, second) = (try pop(), try pop())
      return heap.addTuple([try pop(), second, third])
    case .list: return heap.addList(try popToMark())
    case .dict: return heap.addDictionary(try pairs())
    case .emptyDict: return heap.addDictionary()
    case .frozenset:
      _ = try popToMark()
      return PickleHeap.inert
    default: return heap.addList()
    }
  }

  private mutating func pairs() throws -> [Int] {
    let places = try popToMark()
    guard places.count % 2 == 0 else {
      throw FCNError(.corrupt, "the pickle sets a dictionary's key without a value")
    }
    return places
  }

  private mutating func fill(_ opcode: PickleOpcode) throws {
    let isDictionary = opcode == .setitem || opcode == .setitems
    let places: [Int]
    switch opcode {
    case .append: places = [try pop()]
    case .setitem:
      let value = try pop()
      places = [try pop(), value]
    case .setitems: places = try pairs()
    default: places = try popToMark()
    }
    switch heap[try top()] {
    case .list(let list) where !isDictionary: heap.append(places, toList: list)
    case .dictionary(let dictionary) where isDictionary:
      heap.append(places, toDictionary: dictionary)
    case .instance(let instance) where isDictionary: heap.append(places, toInstance: instance)
    case .inert, .instance: break
    default:
      throw FCNError(.corrupt, "the pickle fills something that takes no elements of that kind")
    }
  }

  // MARK: What Python would look up or call

  private mutating func global(_ opcode: PickleOpcode) throws -> PickleGlobal {
    if opcode != .stackGlobal {
      let module = try line()
      return try global(PickleClass(module: module, name: try line()))
    }
    let name = heap[try pop()]
    guard case .text(let module) = heap[try pop()], case .text(let name) = name else {
      throw FCNError(.corrupt, "the pickle looks something up by what is no name")
    }
    return try global(PickleClass(module: module, name: name))
  }

  private mutating func global(_ type: PickleClass) throws -> PickleGlobal {
    let (module, name) = (try heap.string(type.module), try heap.string(type.name))
    return try PickleGlobal.named(module, name) ?? heap.addClass(type)
  }

  /// What stands before the next line feed.
  mutating func line() throws -> PickleBytes {
    let start = cursor.position
    return PickleBytes(start: start, count: try cursor.line().count)
  }

  private mutating func call(_ opcode: PickleOpcode) throws {
    if opcode == .inst || opcode == .obj {
      // As Python 2 makes objects of its older kind of class.
      var parts = opcode == .inst ? [heap.add(.global(try global(opcode)))] : []
      parts += try popToMark()
      guard let type = parts.first else {
        throw FCNError(.corrupt, "the pickle makes an object of no class")
      }
      return push(try result(of: type, arguments: heap.addTuple(parts.dropFirst())))
    }
    let argument = try pop()
    switch opcode {
    case .binpersid: push(try storage(of: argument))
    case .build: try setState(argument, of: try top())
    case .newobjEx:
      // Arguments by name: nothing that takes any is of interest.
      let arguments = try pop()
      push(try result(of: try pop(), arguments: arguments))
    default: push(try result(of: try pop(), arguments: argument))
    }
  }
}
