import FCNLoopTypes

// The processor's fast forms of operations, best first.

extension Convolution: ProcessorOperation {
  var fastForms: [Form] {
    var forms = forms(of: .float32) + forms(of: .int16) + forms(of: .int8) + forms(of: .bfloat16)
    // Where so many products fewer are made, 16-bit integers may take longer.
    forms.append(
      Form("convolution.toeplitz", takes: .blocked, makes: .blocked) { request in
        takesBytes(request) ? nil : ToeplitzConvolution(self, request)
      })
    for levels in 1...2 {
      let name = "convolution.strassen" + (levels > 1 ? "\(levels)" : "")
      forms.append(
        Form(name, takes: .blocked, makes: .blocked) { request in
          yieldsToIntegers(request) || yieldsToBytes(request)
            ? nil : StrassenConvolution(self, request, levels: levels)
        })
    }
    forms.append(
      Form("convolution.taps", takes: .blocked, makes: .blocked) { request in
        takesBytes(request) ? nil : TapConvolution(self, request)
      })
    forms.append(
      Form("convolution.taps_int8", takes: .bytes, makes: .blocked) { request in
        TapConvolution(self, request, .int8)
      })
    forms.append(
      Form("convolution.depthwise", takes: .blocked, makes: .blocked) {
        DepthwiseConvolution(self, $0)
      })
    for takes in [Layout.planar, .blocked] {
      for makes in [Layout.planar, .blocked] {
        forms.append(
          Form(training: "convolution.winograd_training", takes: takes, makes: makes) {
            WinogradTrainingConvolution(self, $0, takes: takes, makes: makes)
          })
      }
    }
    forms.append(
      Form(training: "convolution.depthwise_training") { DepthwiseTrainingConvolution(self, $0) })
    forms.append(Form("convolution.gemm") { ConvolutionGEMM(self, $0[0], $1) })
    return forms
  }

  /// Those of each algorithm that multiplies such numbers.
  private func forms(of precision: ConvolutionPrecision) -> [Form] {
    ConvolutionAlgorithm.allCases.filter { $0.multiplies(precision) }.map { algorithm in
      let takes: Layout =
        switch precision {
        case .float32: algorithm == .planar ? .planar : .blocked
        case .int16: .blocked
        case .int8: .bytes
        case .bfloat16: .planar
        }
      let name = "convolution.\(algorithm)" + (precision == .float32 ? "" : "_\(precision)")
      return Form(name, takes: takes, makes: .blocked) { request -> (any PreparedForm)? in
        switch precision {
        case .float32 where groups > 1: GroupedConvolution(self, request, algorithm)
        case .float32
        where yieldsToIntegers(request) || algorithm != .planar && yieldsToBytes(request):
          nil
        case .int16 where !request.allowsIntegers: nil
        default: BlockedConvolution(self, request, algorithm, precision)
        }
      }
    }
  }
}

extension Convolution {
  /// Whether it multiplies bytes where they lie.
  fileprivate func takesBytes(_ request: FormRequest) -> Bool {
    request.bytes.input != nil && mayUseIntegers(request.inputs[0].c)
  }

  /// Where integers are allowed, float32 is for weights so few that they take no memory to speak of.
  fileprivate func yieldsToIntegers(_ request: FormRequest) -> Bool {
    if request.bytes.input != nil { return takesBytes(request) }
    return request.allowsIntegers && mayUseIntegers(request.inputs[0].c)
      && request.inputs[0].c * outputChannels > 128 * 128
  }
}

extension Convolution {
  /// Whether bytes are wanted of few channels, which one form makes straight from floats.
  fileprivate func yieldsToBytes(_ request: FormRequest) -> Bool {
    request.bytes.output != nil && request.bytes.input == nil
      && BlockedConvolution(self, request, .planar) != nil
  }
}

extension TransposedConvolution: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("transposed_convolution.blocked", takes: .blocked, makes: .blocked) {
        BlockedTransposedConvolution(self, $0)
      },
      Form("transposed_convolution.phases", takes: .planar, makes: .planar) {
        PhasedTransposedConvolution(self, $0)
      },
      Form("transposed_convolution.channelwise", takes: .planar, makes: .planar) {
        ChannelwiseUpsampling(self, $0)
      },
      Form("transposed_convolution.gemm") {
        TransposedConvolutionGEMM(self, $0[0], $1)
      },
    ]
  }
}

extension MaxPool: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "max_pool.blocked", takes: .blocked, makes: .blocked) { [window] in
        BlockedMaxPool(window, $0)
      },
      Form("max_pool.bytes", takes: .bytes, makes: .blocked) { [window] in
        ByteMaxPool(window, $0)
      },
      Form("max_pool.pairs") { [window] in MaxPoolPairs(window, $0[0], $1) },
    ]
  }
}

extension MaxPoolIndices: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("max_pool_indices.blocked", takes: .blocked, makes: .blocked) {
        BlockedMaxPoolIndices(self, $0)
      }
    ]
  }
}

extension MaxUnpool: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("max_unpool.blocked", takes: .blocked, makes: .blocked) { BlockedMaxUnpool(self, $0) }
    ]
  }
}

extension Concatenation: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "concatenation.blocked", takes: .blocked, makes: .blocked) { request in
        let inputs = request.inputs
        // Whole blocks of all pictures follow each other as whole planes of one do.
        guard request.epilogue == Epilogue(),
          inputs.dropLast().allSatisfy({ $0.c % channelBlock == 0 })
        else { return nil }
        return ConcatenationReference(inputs.map { Layout.blocked.count($0) }, pieces: 1)
      },
      Form("concatenation.unaligned", takes: .blocked, makes: .blocked) {
        UnalignedConcatenation($0)
      },
    ]
  }
}

extension AveragePool: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("average_pool.blocked", takes: .blocked, makes: .blocked) {
        BlockedAveragePool(self, $0)
      }
    ]
  }
}

extension GlobalAveragePool: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("global_average_pool.blocked", takes: .blocked, makes: .blocked) {
        BlockedGlobalAveragePool($0)
      }
    ]
  }
}

extension Attention: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "attention.gemm") { request in
        request.epilogue == Epilogue()
          ? AttentionGEMM(AttentionProblem(self, request.inputs), request.loops) : nil
      }
    ]
  }
}

extension Pad: ProcessorOperation {
  var fastForms: [Form] {
    [Form("pad.blocked", takes: .blocked, makes: .blocked) { BlockedPad(self, $0) }]
  }
}

extension Slicing: ProcessorOperation {
  var fastForms: [Form] {
    [Form("slice.blocked", takes: .blocked, makes: .blocked) { BlockedSlice(self, $0) }]
  }
}

extension Resize: ProcessorOperation {
  var fastForms: [Form] {
    [Form("resize.blocked", takes: .blocked, makes: .blocked) { BlockedResize(self, $0) }]
  }
}

extension RepeatLines: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("repeat_lines.blocked", takes: .blocked, makes: .blocked) {
        RepeatLinesReference(self, $0.inputs[0], $0.output, .blocked)
      },
      Form("repeat_lines.bytes", takes: .bytes, makes: .blocked) {
        guard let bytes = $0.bytes.input, bytes == $0.bytes.output else { return nil }
        return RepeatLinesReference(self, $0.inputs[0], $0.output, .bytes)
      },
    ]
  }
}
