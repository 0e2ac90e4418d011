import FCNLoopTypes

// Fast forms of normalisations, and of what works on single values and pairs of them.

extension BatchNorm: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "batch_norm.blocked", takes: .blocked, makes: .blocked) {
        BlockedBatchNorm(self, $0)
      }
    ]
  }
}

extension LocalResponseNormalization: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("local_response_normalization.blocked", takes: .blocked, makes: .blocked) {
        BlockedResponseNormalization(self, $0)
      }
    ]
  }
}

extension LayerNormalization: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("layer_normalization.blocked", takes: .blocked, makes: .blocked) {
        BlockedLayerNormalization(self, $0)
      }
    ]
  }
}

extension GroupNormalization: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("group_normalization.blocked", takes: .blocked, makes: .blocked) {
        BlockedGroupNormalization(self, $0)
      }
    ]
  }
}

extension ActivationOperation {
  var fastForms: [Form] {
    [
      Form(training: "\(Self.name).blocked", takes: .blocked, makes: .blocked) { [activation] in
        BlockedElementwise(.activation(activation), $0)
      }
    ]
  }
}

extension ReLU: ProcessorOperation {}
extension LeakyReLU: ProcessorOperation {}
extension ClippedReLU: ProcessorOperation {}
extension Sigmoid: ProcessorOperation {}
extension HardSigmoid: ProcessorOperation {}
extension HardSwish: ProcessorOperation {}
extension SiLU: ProcessorOperation {}
extension Tanh: ProcessorOperation {}
extension ELU: ProcessorOperation {}
extension Softplus: ProcessorOperation {}
extension Mish: ProcessorOperation {}
extension Clip: ProcessorOperation {}
extension Exponential: ProcessorOperation {}

extension Sum: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "sum.blocked", takes: .blocked, makes: .blocked) {
        BlockedElementwise(.sum, $0)
      }
    ]
  }
}

extension Softmax: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "softmax.lines") { request in
        request.epilogue == Epilogue()
          ? SoftmaxReference(groups: groups, loops: request.loops) : nil
      }
    ]
  }
}

extension Scale: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form(training: "scale.blocked", takes: .blocked, makes: .blocked) { [factor] in
        BlockedElementwise(.scale(factor), $0)
      }
    ]
  }
}

extension Difference: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("difference.blocked", takes: .blocked, makes: .blocked) {
        BlockedPair(Subtracting.self, $0)
      }
    ]
  }
}

extension Product: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("product.blocked", takes: .blocked, makes: .blocked) {
        BlockedPair(Multiplying.self, $0)
      }
    ]
  }
}

extension Maximum: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("maximum.blocked", takes: .blocked, makes: .blocked) {
        BlockedPair(TakingLarger.self, $0)
      }
    ]
  }
}

extension Minimum: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("minimum.blocked", takes: .blocked, makes: .blocked) {
        BlockedPair(TakingSmaller.self, $0)
      }
    ]
  }
}

extension Affine: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("affine.blocked", takes: .blocked, makes: .blocked) { BlockedChannelwise(.affine, $0) }
    ]
  }
}

extension PReLU: ProcessorOperation {
  var fastForms: [Form] {
    [
      Form("prelu.blocked", takes: .blocked, makes: .blocked) { [isShared] in
        BlockedChannelwise(.rectifier(isShared: isShared), $0)
      }
    ]
  }
}
