import CFCN
import Glibc

@testable import FCNSwift

/// Models and pictures that calls are made with.
enum CallFixtures {
  /// Files of models: an architecture, the same with ranges of values, a network of its own, one of one
  /// channel, one that scales its pictures.
  static let models: [[UInt8]] = (try? made()) ?? []

  static let modelPaths: [String] = models.indices.map { index in
    try? FuzzFiles.write(models[index], "model\(index).safetensors")
    return "\(FuzzFiles.folder)/model\(index).safetensors"
  }

  static let pictures: [[UInt8]] = {
    guard
      let image = try? Image(
        width: 23, height: 17, pixels: (0..<23 * 17 * 3).map { UInt8(truncatingIfNeeded: $0 * 11) })
    else { return [[0]] }
    return [(try? image.encodedPNG()) ?? [0], (try? image.encodedJPEG()) ?? [0]]
  }()

  static let picturePath: String = {
    try? FuzzFiles.write(pictures[0], "picture.png")
    return "\(FuzzFiles.folder)/picture.png"
  }()

  private static func made() throws -> [[UInt8]] {
    let names = ["background", "b", "c"]
    let palette = Palette.voc(count: 3)
    func fresh(_ description: ModelDescription) throws -> Model {
      try Model.fresh(description, seed: 5)
    }
    var description = ModelDescription(
      architecture: "fcn-simple",
      options: ArchitectureOptions(classes: 3, width: 0.0625, batchNorm: true), classNames: names,
      palette: palette, preprocessing: .torchvision)
    let plain = try fresh(description)
    let image = try Image(
      width: 24, height: 18, pixels: (0..<24 * 18 * 3).map { UInt8(truncatingIfNeeded: $0 * 5) })
    let calibrated = try plain.calibrated(count: 1, threads: 1) { _, run in
      try image.withPixelView { try run($0) }
    }
    description.preprocessing.size = .longestSide(24)
    let scaled = try fresh(description)
    func graph(_ channels: Int) throws -> Model {
      var builder = NetworkBuilder()
      builder.add("a", Convolution(16, kernel: 3, padding: 1))
      builder.add("b", ReLU())
      builder.add("c", Convolution(16, kernel: 3, padding: 2, dilation: 2, groups: 16), ["b"])
      builder.add("d", MaxPool(kernel: 2, stride: 2), ["c"])
      builder.add("e", Convolution(3, kernel: 1, makesScores: true))
      builder.add("f", Resize(to: .likeSecondInput), ["e", Network.inputName])
      let network = try Network(inputChannels: channels, stride: 1, layers: builder.layers)
      return try fresh(
        ModelDescription(
          graph: NetworkGraph(network), classNames: names, palette: palette,
          preprocessing: channels == 1 ? .grey : .unit))
    }
    return try [plain, calibrated, graph(3), graph(1), scaled].map { model in
      let path = "\(FuzzFiles.folder)/made.safetensors"
      try model.write(to: path)
      return try File.read(path)
    }
  }
}

/// A reader that supplies a file in parts.
private final class ReaderState {
  var bytes: [UInt8] = []
  var position = 0
  var part = 1000
  /// Calls until it gives up; −1 for never.
  var patience = -1
}

extension CallState {
  func openModel() {
    let fixture = input.number(below: CallFixtures.models.count)
    var bytes = CallFixtures.models[fixture]
    var isIntact = true
    if input.seldom(4) {
      isIntact = false
      for _ in 0...input.number(below: 4) {
        let place = input.number(below: 256) * (input.seldom(2) ? bytes.count / 256 : 1)
        bytes[min(place, bytes.count - 1)] = input.byte()
      }
      if input.seldom(2) { bytes.removeLast(min(bytes.count - 1, Int(input.byte()) * 64)) }
    }
    let known = isIntact ? Int?.some(fixture) : nil
    switch input.number(below: 5) {
    case 0:
      let path = text([CallFixtures.modelPaths[fixture]] + ["", "/", "/nowhere", "/dev/null"])
      keep(made("fcn_model_open") { fcn_model_open($0, path) }, fixture)
    case 1:
      let block = block(of: bytes)
      keep(made("fcn_model_open_memory") { fcn_model_open_memory($0, block, bytes.count) }, known)
      // They were copied.
      memset(block, 0, bytes.count)
    case 2:
      let (block, data) = (block(of: bytes), memory(8))
      let release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)? =
        input.seldom(2) ? nil : { $0?.storeBytes(of: 1, as: Int.self) }
      let model = made("fcn_model_open_borrowed") {
        fcn_model_open_borrowed($0, block, bytes.count, release, data)
      }
      keep(model, known)
    case 3:
      let state = ReaderState()
      state.bytes = bytes
      if input.seldom(4) { state.bytes.append(7) }
      state.part = 1 + Int(input.byte()) * 50
      state.patience = input.seldom(4) ? input.number(below: 6) : -1
      let read = input.seldom(32) ? nil : readPart
      let model = withExtendedLifetime(state) {
        made("fcn_model_open_reader") {
          fcn_model_open_reader($0, read, Unmanaged.passUnretained(state).toOpaque())
        }
      }
      keep(model, known)
    default: keep(made("fcn_model_open_default") { fcn_model_open_default($0) }, nil)
    }
  }

  private var readPart: fcn_read_callback {
    { buffer, capacity, count, data in
      let state = hosts(ReaderState.self, data)
      require(capacity > 0, "a reader is asked for nothing")
      if state.patience == 0 { return 1 }
      state.patience -= 1
      let part = min(capacity, state.part, state.bytes.count - state.position)
      UnsafeMutableRawBufferPointer(start: buffer, count: part).copyBytes(
        from: state.bytes[state.position..<state.position + part])
      state.position += part
      count?.pointee = part
      return 0
    }
  }

  private func keep(_ handle: OpaquePointer?, _ fixture: Int?) {
    if let handle { models.append(Model(handle: handle, fixture: fixture)) }
  }

  func askModel() {
    let model = any(models.map(\.handle))
    let (info, size) = grown(fcn_model_info.self)
    if check(fcn_model_get_info(info, model), "fcn_model_get_info"),
      Int(size) >= MemoryLayout<fcn_model_info>.stride
    {
      let count = Int(info.pointee.class_count)
      require((2...255).contains(count), "a model of \(count) classes")
      for i in 0..<count { require(info.pointee.class_names[i] != nil, "a class without a name") }
    }
    let (rule, _) = grown(fcn_preprocessing.self)
    check(fcn_model_get_preprocessing(rule, model), "fcn_model_get_preprocessing")
    var json: UnsafePointer<CChar>?
    check(fcn_model_get_graph(&json, model), "fcn_model_get_graph")
    let (report, _) = grown(fcn_import_info.self)
    check(fcn_model_get_import_info(report, model), "fcn_model_get_import_info")
    check(
      fcn_model_save(
        model, text(["\(FuzzFiles.folder)/saved.safetensors", "/nowhere/x", "", "/"]),
        input.seldom(8) ? input.wild() : Int32(input.number(below: 2))), "fcn_model_save")
  }

  func calibrateOrImport() {
    if input.seldom(2) {
      let pictures = (0..<1 + input.number(below: 3)).map { _ in picture().pixels }
      let count = input.seldom(8) ? input.one(of: [0, -1, .min]) : Int32(pictures.count)
      let callback = CallbackState(&input)
      let (model, threads) = (any(models.map(\.handle)), input.seldom(8) ? input.wild() : 1)
      let calibrated = made("fcn_model_calibrate") {
        fcn_model_calibrate(
          $0, model, pictures, count, threads, callback.isCalled ? CallbackState.progress : nil,
          callback.pointer)
      }
      keep(calibrated, nil)
      callback.release()
      return
    }
    let (params, size) = grown(fcn_import_params.self)
    guard check(fcn_import_params_init(params, size), "fcn_import_params_init") else { return }
    // Fields that an older host does not know lie beyond its memory.
    guard Int(size) >= MemoryLayout<fcn_import_params>.stride else { return }
    let names = memory(3 * 8).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
    for i in 0..<3 { names[i] = text(["a", "b", "c", "", "a=b", "conv1=x", "\n"]) }
    if input.seldom(2) {
      params.pointee.class_names = UnsafePointer(names)
      params.pointee.class_count = input.seldom(4) ? input.one(of: [-1, 0, .min]) : 3
    }
    if input.seldom(4) {
      params.pointee.renames = UnsafePointer(names)
      params.pointee.rename_count = input.seldom(4) ? input.one(of: [-1, 0, 1025, .max, .min]) : 3
    }
    if input.seldom(4) { params.pointee.architecture = text(["fcn-simple", "fcn8s", "graph", ""]) }
    if input.seldom(4) { params.pointee.note = text(["", "note"]) }
    if input.seldom(4) { params.pointee.longest_list = input.wild() }
    if input.seldom(8) { params.pointee.graph_output = text(["", "x"]) }
    if input.seldom(4) { params.pointee.preprocessing = UnsafePointer(preprocessing()) }
    let path = text(CallFixtures.modelPaths + ["/", "", CallFixtures.picturePath])
    let given = input.seldom(4) ? nil : params
    keep(made("fcn_model_import") { fcn_model_import($0, path, given) }, nil)
  }

  /// A rule for pictures, usual or not.
  func preprocessing() -> UnsafeMutablePointer<fcn_preprocessing> {
    let (rule, size) = grown(fcn_preprocessing.self)
    check(
      fcn_preprocessing_named(rule, text(["unit", "caffe", "grey"])), "fcn_preprocessing_named")
    guard Int(size) >= MemoryLayout<fcn_preprocessing>.stride, input.seldom(2) else { return rule }
    rule.pointee.size_rule = input.wild()
    rule.pointee.size_width = input.wild()
    rule.pointee.size_height = input.wild()
    rule.pointee.channel_order = input.wild()
    rule.pointee.mean.0 = input.wildFloat()
    rule.pointee.scale.1 = input.wildFloat()
    return rule
  }
}
