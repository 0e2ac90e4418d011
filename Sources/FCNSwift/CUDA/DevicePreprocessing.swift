import CDeviceCalls

extension DeviceStream {
  /// Hands over the making of a network's input from the pictures that `DeviceBatch` laid out at
  /// `pictures`.
  func enqueuePreprocessing(
    _ pictures: CUDADriver.Address, to input: DeviceTensor, _ preprocessing: Preprocessing
  ) throws {
    let function = try context.functions.function(
      "preprocess", of: .preprocess, ["OUTPUT=\(input.element.typeName)"], context)
    func three(_ values: [Float]) -> (Float, Float, Float) {
      let values = values + [0, 0]
      return (values[0], values[1], values[2])
    }
    let order: Int32 =
      switch preprocessing.channelOrder {
      case .rgb: 0
      case .bgr: 1
      case .grey: 2
      }
    try launch(
      function, over: input.groupCount,
      fcn_preprocess_call(
        pictures: pictures, output: input.view, mean: three(preprocessing.mean),
        scale: three(preprocessing.scale), order: order, reserved: 0))
  }
}
