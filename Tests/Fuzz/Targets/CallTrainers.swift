import CFCN
import Glibc

/// What a training's callback does.
private final class TrainState {
  var patience = -1
  var trainer: OpaquePointer?
}

extension CallState {
  /// Makes a trainer on a dataset of two pictures, runs it, and frees it.
  func train() {
    guard (try? FuzzFiles.makeDataset()) != nil else { return }
    let (params, size) = grown(fcn_trainer_params.self)
    let named = input.seldom(4)
    let status =
      named
      ? fcn_trainer_params_named(params, size, text(["modern", "voc-fcn32s", "", "x"]))
      : fcn_trainer_params_init(params, size)
    guard check(status, "fcn_trainer_params_init"),
      Int(size) >= MemoryLayout<fcn_trainer_params>.stride
    else { return }
    params.pointee.data = text(["\(FuzzFiles.folder)/data"])
    params.pointee.output = text(["\(FuzzFiles.folder)/trained"])
    if input.seldom(2) { params.pointee.validation_split = text(["val", "train", "x"]) }
    params.pointee.resume = input.seldom(4) ? input.wild() : 1
    params.pointee.threads = 1
    params.pointee.width = 0.0625
    params.pointee.epochs = 1 + Int32(input.number(below: 2))
    params.pointee.batch_size = 1 + Int32(input.number(below: 2))
    params.pointee.architecture = text(["fcn-simple"])
    for _ in 0..<input.number(below: 4) { spoil(params) }
    // What would be long by right.
    params.pointee.epochs = min(params.pointee.epochs, 2)
    params.pointee.iterations = min(params.pointee.iterations, 4)
    params.pointee.accumulation = min(params.pointee.accumulation, 4)
    params.pointee.crop_width = min(params.pointee.crop_width, 64)
    params.pointee.crop_height = min(params.pointee.crop_height, 64)
    params.pointee.scale_greatest = min(params.pointee.scale_greatest, 4)
    if !params.pointee.width.isNaN { params.pointee.width = min(params.pointee.width, 0.125) }
    if params.pointee.width == 0 { params.pointee.width = 0.0625 }
    let made = made("fcn_trainer_create") { fcn_trainer_create($0, params) }
    guard let trainer = made else { return }
    let state = TrainState()
    state.patience = input.seldom(3) ? input.number(below: 6) : -1
    state.trainer = trainer
    for _ in 0..<1 + input.number(below: 2) {
      let status = withExtendedLifetime(state) {
        fcn_trainer_run(
          trainer, input.seldom(8) ? nil : progress, Unmanaged.passUnretained(state).toOpaque())
      }
      check(status, "fcn_trainer_run")
      state.patience = -1
    }
    fcn_trainer_free(trainer)
  }

  private var progress: fcn_train_callback {
    { progress, data in
      let state = hosts(TrainState.self, data)
      require(fcn_trainer_run(state.trainer, nil, nil) == -11, "a trainer that runs runs again")
      let epoch = progress?.pointee.epoch ?? -1
      require(epoch >= 0, "epoch \(epoch)")
      if state.patience == 0 { return 1 }
      state.patience -= 1
      return 0
    }
  }

  private func spoil(_ params: UnsafeMutablePointer<fcn_trainer_params>) {
    let (whole, real) = (input.wild(), input.wildFloat())
    switch input.number(below: 42) {
    case 0: params.pointee.threads = whole
    case 1: params.pointee.data = text(["/nowhere", ""])
    case 2: params.pointee.train_split = text(["val", "", "../x", "x"])
    case 3: params.pointee.keep_every_epoch = whole
    case 4: params.pointee.half_precision = whole
    case 5: params.pointee.evaluation_interval = whole
    case 6: params.pointee.start = any(models.map(\.handle))
    case 7: params.pointee.architecture = text(["graph", "x", "unet"])
    case 8: params.pointee.preprocessing = UnsafePointer(preprocessing())
    case 9: params.pointee.weights = text(CallFixtures.modelPaths + ["/nowhere"])
    case 10: params.pointee.width = real
    case 11: params.pointee.batch_norm = whole
    case 12: params.pointee.epochs = whole
    case 13: params.pointee.batch_size = min(whole, 4)
    case 14: params.pointee.optimizer = whole
    case 15: params.pointee.learning_rate = real
    case 16: params.pointee.momentum = real
    case 17: params.pointee.weight_decay = real
    case 18: params.pointee.bias_rate = real
    case 19: params.pointee.bias_decay = real
    case 20: params.pointee.clip_norm = real
    case 21: params.pointee.schedule = whole
    case 22: params.pointee.schedule_power = real
    case 23: params.pointee.schedule_epochs = whole
    case 24: params.pointee.schedule_factor = real
    case 25: params.pointee.warm_up = whole
    case 26: params.pointee.loss = whole
    case 27: params.pointee.class_weights = whole
    case 28: (params.pointee.crop_width, params.pointee.crop_height) = (whole, input.wild())
    case 29: (params.pointee.scale_least, params.pointee.scale_greatest) = (real, input.wildFloat())
    case 30: params.pointee.flip = whole
    case 31: params.pointee.brightness = real
    case 32: params.pointee.contrast = real
    case 33: params.pointee.binary_masks = whole
    case 34: params.pointee.patience = whole
    case 35: params.pointee.extend = whole
    case 36: params.pointee.time_limit = Double(real)
    case 37:
      params.pointee.layer_rates = text(["conv1=0", "=", "a=1,", ",", "conv1=1e9", "conv1=nan"])
    case 38:
      let values = memory(12).assumingMemoryBound(to: Float.self)
      for i in 0..<3 { values[i] = input.wildFloat() }
      params.pointee.class_weight_values = UnsafePointer(values)
      params.pointee.class_weight_count = input.seldom(4) ? -1 : 3
    case 39: params.pointee.iterations = Int64(whole)
    case 40: params.pointee.accumulation = whole
    default: params.pointee.graph = text(["", "{}", "x"])
    }
  }
}
