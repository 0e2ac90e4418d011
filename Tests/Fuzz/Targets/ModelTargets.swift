import Glibc

@testable import FCNSwift

// Files of ours: models, the networks in them, what training leaves to go on from.
extension FuzzTarget {
  /// A model file: read, written again, read again, run on a small picture.
  static let model = FuzzTarget(name: "model") { bytes in
    let model = try Model(borrowing: bytes, owner: nil)
    try SmallRun.check(model)
  }

  /// The text of a network, with fresh weights.
  static let graph = FuzzTarget(name: "graph") { bytes in
    let graph = try NetworkGraph(parsing: String(decoding: bytes, as: UTF8.self))
    let again = try NetworkGraph(parsing: graph.text)
    require(again.text == graph.text, "a graph changes where it is written down and read again")
    guard graph.classCount > 1, graph.network.parameters.allSatisfy({ $0.isSmall }) else { return }
    var preprocessing = Preprocessing.unit
    if let size = graph.network.inputSize {
      preprocessing.size = .exact(width: size.w, height: size.h)
    }
    if graph.network.inputChannels == 1 { preprocessing = .grey }
    let description = ModelDescription(
      graph: graph, classNames: (0..<graph.classCount).map { "\($0)" },
      palette: Palette.voc(count: graph.classCount), preprocessing: preprocessing)
    try SmallRun.check(try Model.fresh(description, seed: 1))
  }

  /// A checkpoint, as a training that is resumed reads it, by either optimizer.
  static let checkpoint = FuzzTarget(name: "checkpoint") { bytes in
    let folder = FuzzFiles.folder
    let path = try FuzzFiles.write(bytes, "checkpoint.safetensors")
    _ = try SavedTraining(folder: folder)
    for optimizer in [Optimizer.sgd(), .adamW()] {
      _ = try Checkpoint(contentsOf: path, optimizer)
    }
  }
}

extension ParameterSpecification {
  var isSmall: Bool {
    shape.reduce(1) { product, side in min(product, 1 << 20) * max(0, min(side, 1 << 20)) } < 1
      << 16
  }
}

/// Files in a folder in memory.
enum FuzzFiles {
  static let folder: String = {
    var name = Array("/dev/shm/fcn-fuzz-XXXXXX".utf8CString)
    guard let made = mkdtemp(&name) else { fatalError("there is no folder for files") }
    return String(cString: made)
  }()

  @discardableResult static func write(_ bytes: UnsafeRawBufferPointer, _ name: String) throws
    -> String
  {
    let path = "\(folder)/\(name)"
    guard let file = fopen(path, "w") else { fatalError("\(path) cannot be written") }
    fwrite(bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), 1, bytes.count, file)
    fclose(file)
    return path
  }

  static func write(_ bytes: [UInt8], _ name: String) throws {
    try bytes.withUnsafeBytes { _ = try write($0, name) }
  }
}

/// What is done with every model that comes out of a file.
enum SmallRun {
  /// Most elements of all layers' outputs together, and products in them.
  private static let (elements, products) = (300_000, 30_000_000)

  /// Writes it, reads it, and runs it where that is quick.
  static func check(_ model: Model) throws {
    guard model.weights.count < 400, model.parameterCount < 1 << 18 else { return }
    let path = "\(FuzzFiles.folder)/model.safetensors"
    try model.write(to: path, elementType: nil)
    let again = try Model(contentsOf: path)
    require(again.description == model.description, "a model's description changes in a file")
    for (name, weight) in model.weights {
      guard let other = again.weights[name] else { return require(false, "\(name) is lost") }
      let isSame = zip(weight.floats, other.floats).allSatisfy {
        $0.bitPattern == $1.bitPattern
      }
      require(isSame && other.shape == weight.shape, "\(name) changes in a file")
    }
    try run(model)
  }

  private static func run(_ model: Model) throws {
    let network = model.network
    let size = model.description.preprocessing.networkSize(width: 19, height: 13)
    let shape = Shape(
      1, network.inputChannels, roundUp(size.height, toMultipleOf: network.stride),
      roundUp(size.width, toMultipleOf: network.stride))
    guard shape.count < elements, [1, 3].contains(network.inputChannels) else { return }
    let shapes = try network.shapes(for: shape)
    var (sum, work) = (0.0, 0.0)
    for (index, shape) in shapes.enumerated() {
      let weights = network.parametersByLayer[index].map {
        $0.shape.reduce(1.0) { $0 * Double($1) }
      }
      sum += Double(shape.count)
      work += Double(shape.h) * Double(shape.w) * weights.reduce(0, +)
    }
    guard sum < Double(elements), work < Double(products) else { return }
    let picture = try Image(
      width: 19, height: 13, pixels: (0..<19 * 13 * 3).map { UInt8(truncatingIfNeeded: $0 * 37) })
    for precision in [Precision.float32, .int16, .int8] {
      do {
        let session = try Session(
          model: model, options: Session.Options(threads: 1, precision: precision))
        try session.run([picture])
        let labels = try session.labelMap(0)
        require(
          labels.labels.allSatisfy { Int($0) < model.description.classNames.count },
          "a label that is no class")
      } catch let error as FCNError where error.kind == .notFinite || error.kind == .unsupported {
        continue
      }
    }
  }
}
