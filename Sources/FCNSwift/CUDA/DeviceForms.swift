import CDeviceCalls

// The forms in which operations are carried out and trained on a device, best first: those that look at
// several pixels, or put them elsewhere. DeviceForms+Pointwise.swift has the others.

extension Convolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("convolution.cublaslt", usesLibrary: true) { try CUBLASLtConvolution(self, $0) },
      DeviceForm("convolution.cudnn", usesLibrary: true) { try CUDNNConvolution(self, $0) },
      DeviceForm("convolution.cuda_implicit_gemm") { try DeviceConvolution(self, $0) },
      DeviceForm(training: "convolution.cuda_training") {
        try DeviceTrainingConvolution(self, $0)
      },
    ]
  }
}

extension TransposedConvolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("transposed_convolution.cuda") { try DeviceTransposedConvolution(self, $0) },
      DeviceForm(training: "transposed_convolution.cuda_training") {
        try DeviceTrainingTransposedConvolution(self, $0)
      },
    ]
  }
}

extension Resize: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("resize.cuda", trains: true) {
        try $0.trains ? DeviceTrainingResize(self, $0) : DeviceResize(self, $0)
      }
    ]
  }
}

extension MaxPool: DeviceOperation {
  /// None with holes.
  var deviceForms: [DeviceForm] {
    guard window.dilation == 1 else { return [] }
    return [
      .pointwise(
        "max_pool.cuda", "max_pool", of: .pooling, gradient: "max_pool_gradient"
      ) { [window] call in
        fcn_pool_call(
          input: call.inputs[0].view, output: call.output.view,
          kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
          padding: fcn_extent(window.padding), counts_padding: 0, reserved: 0)
      } backward: { [window] arguments in
        arguments.setWindow(window)
      }
    ]
  }
}

extension MaxPoolIndices: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("max_pool_indices.cuda", trains: true) { [window] in
        try DeviceMaxPoolIndices(kernel: window.kernel, $0)
      }
    ]
  }
}

extension MaxUnpool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("max_unpool.cuda", trains: true) { [window] in
        try DeviceMaxUnpool(kernel: window.kernel, $0)
      }
    ]
  }
}

extension AveragePool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "average_pool.cuda", "average_pool", of: .pooling, gradient: "average_pool_gradient"
      ) { [window, countsPadding] call in
        fcn_pool_call(
          input: call.inputs[0].view, output: call.output.view,
          kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
          padding: fcn_extent(window.padding), counts_padding: countsPadding ? 1 : 0, reserved: 0)
      } backward: { [window, countsPadding] arguments in
        arguments.setWindow(window)
        arguments.counts_padding = countsPadding ? 1 : 0
      }
    ]
  }
}

extension GlobalAveragePool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("global_average_pool.cuda", trains: true) { try DeviceGlobalAveragePool($0) }]
  }
}

extension GlobalMaxPool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("global_max_pool.cuda", trains: true) { try DeviceGlobalMaxPool($0) }]
  }
}

extension ReducedMean: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("reduce_mean.cuda", trains: true) { [axes] request in
        if axes == [.rows, .columns] { return try DeviceGlobalAveragePool(request) }
        return try DeviceReduction(takesLargest: false, request)
      }
    ]
  }
}

extension ReducedMaximum: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("reduce_maximum.cuda", trains: true) { [axes] request in
        if axes == [.rows, .columns] { return try DeviceGlobalMaxPool(request) }
        return try DeviceReduction(takesLargest: true, request)
      }
    ]
  }
}

extension Concatenation: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("concatenation.cuda", trains: true) { try DeviceConcatenation($0) }]
  }
}

extension Crop: DeviceOperation {
  var deviceForms: [DeviceForm] { [DeviceForm(training: "crop.cuda") { try DeviceCrop(self, $0) }] }
}

extension RepeatLines: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise("repeat_lines.cuda", "repeat_lines", of: .pointwise) { [self] call in
        fcn_repeat_call(
          input: call.inputs[0].view, output: call.output.view,
          first: fcn_extent(h: Int32(rows.first), w: Int32(columns.first)),
          second: fcn_extent(h: Int32(rows.second), w: Int32(columns.second)),
          copies: fcn_extent(h: Int32(rows.copies), w: Int32(columns.copies)))
      }
    ]
  }
}

extension Slicing: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("slice.cuda", trains: true) { try DeviceSlice(self, $0) }]
  }
}

extension Pad: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise("pad.cuda", "pad", of: .shaping, gradient: "pad_gradient", of: .shaping) { call in
        fcn_pad_call(self, call.inputs[0], call.output)
      } backward: { call, gradient in
        fcn_pad_call(self, gradient, call.outputGradient)
      }
    ]
  }
}

extension ChannelShuffle: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "channel_shuffle.cuda", "shuffle_channels", of: .shaping, gradient: "shuffle_channels",
        of: .shaping
      ) { [groups] call in
        fcn_regroup_call(
          input: call.inputs[0].view, output: call.output.view, groups: Int32(groups), reserved: 0)
      } backward: { [groups] call, gradient in
        // Back again: as many groups as one had channels.
        fcn_regroup_call(
          input: call.outputGradient.view, output: gradient.view,
          groups: Int32(gradient.shape.c / groups), reserved: 0)
      }
    ]
  }
}

extension DepthToSpace: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "depth_to_space.cuda", "shuffle", of: .shaping, gradient: "shuffle", of: .shaping
      ) { [block, order] call in
        fcn_shuffle_call(block, order, deep: call.inputs[0], wide: call.output, spreads: true)
      } backward: { [block, order] call, gradient in
        fcn_shuffle_call(block, order, deep: gradient, wide: call.outputGradient, spreads: false)
      }
    ]
  }
}

extension SpaceToDepth: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "space_to_depth.cuda", "shuffle", of: .shaping, gradient: "shuffle", of: .shaping
      ) { [block] call in
        fcn_shuffle_call(
          block, .pixelsFirst, deep: call.output, wide: call.inputs[0], spreads: false)
      } backward: { [block] call, gradient in
        fcn_shuffle_call(
          block, .pixelsFirst, deep: call.outputGradient, wide: gradient, spreads: true)
      }
    ]
  }
}

extension fcn_pad_call {
  fileprivate init(_ pad: Pad, _ input: DeviceTensor, _ output: DeviceTensor) {
    let (rows, columns) = pad.axes(of: input.shape)
    func extent(_ count: (Pad.Axis) -> Int) -> fcn_extent {
      fcn_extent(h: Int32(count(rows)), w: Int32(count(columns)))
    }
    let (filling, value): (Int32, Float) =
      switch pad.filling {
      case .constant(let value): (FCN_PAD_CONSTANT, value)
      case .reflect: (FCN_PAD_REFLECT, 0)
      case .edge: (FCN_PAD_EDGE, 0)
      }
    self.init(
      input: input.view, output: output.view, cut: extent(\.cut), kept: extent(\.kept),
      before: extent(\.before), filling: filling, value: value)
  }
}

extension fcn_shuffle_call {
  fileprivate init(
    _ block: Int, _ order: DepthToSpace.Order, deep: DeviceTensor, wide: DeviceTensor,
    spreads: Bool
  ) {
    self.init(
      deep: deep.view, wide: wide.view, block: Int32(block),
      channels_first: order == .channelsFirst ? 1 : 0, spreads: spreads ? 1 : 0, reserved: 0)
  }
}
