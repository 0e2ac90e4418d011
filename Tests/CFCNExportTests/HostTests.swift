import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What `python3` can import.
private enum PythonPackages {
  static let numpy = Python.canImport("numpy")
  static let pillow = Python.canImport("PIL")
  static let mypy = Python.canImport("mypy")
  static let numpyIsMissing: Comment =
    "the Python module: python3 has no NumPy (apt install python3-numpy, or pip install numpy)"
}

/// The programs in examples/, run as their users run them.
@Suite struct HostTests {
  @Test func theCExampleSegmentsAPicture() throws {
    let material = try Material()
    let folder = material.folder
    let program = try BuiltTree.compile("\(BuiltTree.root)/examples/c/segment.c", into: folder)
    let (labels, overlay) = (folder.file("labels.png"), folder.file("overlay.png"))
    // Once with the model named, once with the one that the environment names as the default.
    let named = try BuiltTree.run(program, material.picture, labels, overlay, material.model)
    let byDefault = try BuiltTree.run(
      program, material.picture, labels, overlay, environment: ["FCN_MODEL": material.model])
    #expect(named == byDefault)
    try expectShares(named, labels: labels)
    let drawn = try Image(contentsOf: overlay)
    #expect((drawn.width, drawn.height) == (96, 72))
    #expect(drawn != (try Image(contentsOf: material.picture)))
  }

  @Test func theThreadsExampleSegmentsAllPictures() throws {
    let material = try Material()
    let program = try BuiltTree.compile(
      "\(BuiltTree.root)/examples/c/threads.c", into: material.folder)
    let pictures = [String](repeating: material.picture, count: 7)
    let output = try BuiltTree.run([program, material.model, "3"] + pictures)
    let lines = output.split(separator: "\n")
    #expect(lines.count == 7 && Set(lines).count == 1)
    #expect(output.contains("96 x 72"))
  }

  @Test func theDefaultModelIsFoundBesideTheLibrary() throws {
    let material = try Material()
    let folder = material.folder
    let program = try BuiltTree.compile("\(BuiltTree.root)/examples/c/segment.c", into: folder)
    try File.makeFolder(folder.file("share/fcn"))
    let debians = "lib/x86_64-linux-gnu"
    for libraries in ["lib", debians] {
      try File.makeFolder(folder.file(libraries))
      try FileManager.default.copyItem(
        atPath: URL(fileURLWithPath: BuiltTree.library).resolvingSymlinksInPath().path,
        toPath: folder.file("\(libraries)/libfcn.so.1"))
    }
    let command = [program, material.picture, folder.file("l.png"), folder.file("o.png")]
    let environment = ["LD_LIBRARY_PATH": folder.file("lib"), "FCN_MODEL": ""]

    expectError(.invalidState, saying: "not found", "share/fcn/default.safetensors", "FCN_MODEL") {
      _ = try BuiltTree.run(command, environment: environment)
    }
    for (libraries, place) in [
      ("lib", "lib/default.safetensors"), ("lib", "share/fcn/default.safetensors"),
      (debians, "share/fcn/default.safetensors"),
    ] {
      try FileManager.default.copyItem(atPath: material.model, toPath: folder.file(place))
      let environment = ["LD_LIBRARY_PATH": folder.file(libraries), "FCN_MODEL": ""]
      #expect(try BuiltTree.run(command, environment: environment).contains("%"))
      try FileManager.default.removeItem(atPath: folder.file(place))
    }
    expectError(.invalidState, saying: "/no/such/model", "FCN_MODEL") {
      _ = try BuiltTree.run(command, environment: ["FCN_MODEL": "/no/such/model"])
    }
  }

  @Test(
    .enabled(if: PythonPackages.numpy, PythonPackages.numpyIsMissing),
    arguments: [
      "test_fcn.py", "test_pictures.py", "test_segmentation.py", "test_processes.py",
      "test_interruption.py",
    ])
  func thePythonModuleKeepsItsPromises(program: String) throws {
    try testPythonModule(program)
  }

  @Test(
    .enabled(
      if: PythonPackages.numpy && PythonPackages.pillow,
      "pictures of Pillow's in Python: python3 has no Pillow (pip install pillow)"))
  func thePythonModuleTakesPicturesOfPillows() throws {
    try testPythonModule("test_pillow.py")
  }

  @Test(
    .enabled(
      if: PythonPackages.numpy && PythonPackages.mypy,
      "the types of the Python module: python3 has no mypy (pip install mypy)"))
  func thePythonModuleIsTyped() throws {
    let folder = try TemporaryFolder()
    let output = try BuiltTree.run(
      "python3", "-m", "mypy", "--strict", "--cache-dir", folder.file("cache"),
      "\(BuiltTree.root)/python/fcnswift")
    #expect(output.contains("no issues found"))
  }

  @Test(.enabled(if: PythonPackages.numpy, PythonPackages.numpyIsMissing))
  func thePythonModuleRunsTheCommand() throws {
    try BuiltTree.check()
    let direct = try BuiltTree.run("\(BuiltTree.root)/build/bin/fcn", "info")
    let byModule = try BuiltTree.run("python3", "-m", "fcnswift", "info", environment: python([:]))
    #expect(byModule == direct)
    let refused = "python3 -m fcnswift info --no-such-option 2>&1 || echo status $?"
    let said = try BuiltTree.run("sh", "-c", refused, environment: python([:]))
    #expect(said.contains("no-such-option") && said.contains("status 2"), "\(said)")
  }

  private func testPythonModule(_ program: String) throws {
    try BuiltTree.check()
    let material = try Material()
    let data = try material.dataset()
    let fake = try FakeCUDA.shared.get()
    let output = try BuiltTree.run(
      "python3", "\(BuiltTree.programs)/\(program)", material.model, material.picture,
      material.folder.path, data,
      environment: python(fake.environment.merging(["FCN_MODEL": material.model]) { $1 }))
    #expect(output.contains("\nOK\n"))
  }

  @Test(.enabled(if: PythonPackages.numpy, PythonPackages.numpyIsMissing))
  func thePythonScriptSegmentsPictures() throws {
    try BuiltTree.check()
    let material = try Material()
    let results = material.folder.file("results")
    let output = try BuiltTree.run(
      "python3", "\(BuiltTree.root)/examples/python/segment.py", material.picture, "--model",
      material.model, "--labels", results + "/labels", "--overlay", results + "/overlays",
      environment: python([:]))
    #expect(output.contains("96 x 72"))
    try expectShares(output, labels: results + "/labels/picture.png")
    #expect(try Image(contentsOf: results + "/overlays/picture.png").width == 96)
  }

  @Test(.enabled(if: PythonPackages.numpy, PythonPackages.numpyIsMissing))
  func thePythonScriptTrains() throws {
    try BuiltTree.check()
    let material = try Material()
    let output = try BuiltTree.run(
      "python3", "\(BuiltTree.root)/examples/python/train.py", try material.dataset(),
      material.folder.file("trained"), "--epochs", "1", "--width", "0.05", "--crop", "32",
      environment: python([:]))
    #expect(output.contains("epoch 1 of 1") && output.contains("validation mean IU"))
    let model = try Model(contentsOf: material.folder.file("trained/model.safetensors"))
    #expect(model.description.classNames == Material.classNames)
  }

  /// The repository's module, of which no compiled Python is left there.
  private func python(_ environment: [String: String]) -> [String: String] {
    environment.merging([
      "PYTHONPATH": "\(BuiltTree.root)/python", "PYTHONDONTWRITEBYTECODE": "1",
    ]) { $1 }
  }

  /// The table of classes in `output` must say what the label map at `path` says.
  private func expectShares(_ output: String, labels path: String) throws {
    let map = try LabelMap(contentsOf: path)
    #expect((map.width, map.height) == (96, 72))
    for (name, area) in zip(Material.classNames, map.areas(classCount: 4)) {
      let share = String(format: "%6.2f %%", 100 * Double(area) / (96 * 72))
      let line = output.split(separator: "\n").first { $0.contains("\(name) ") }
      #expect(line.map { $0.hasSuffix(share) } ?? (area == 0), "\(name) \(share) in \(output)")
    }
  }
}
