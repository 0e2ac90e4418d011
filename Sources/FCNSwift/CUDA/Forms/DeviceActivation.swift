import CDeviceCalls

extension fcn_activation {
  init(_ activation: Activation) {
    self.init()
    switch activation {
    case .identity: function = FCN_IDENTITY
    case .relu: function = FCN_RELU
    case .leakyReLU(let slope): (function, parameter) = (FCN_LEAKY_RELU, slope)
    case .clippedReLU(let limit): (function, parameter) = (FCN_CLIPPED_RELU, limit)
    case .sigmoid: function = FCN_SIGMOID
    case .hardSigmoid: function = FCN_HARD_SIGMOID
    case .hardSwish: function = FCN_HARD_SWISH
    case .silu: function = FCN_SILU
    case .tanh: function = FCN_TANH
    case .elu(let alpha): (function, parameter) = (FCN_ELU, alpha)
    case .softplus: function = FCN_SOFTPLUS
    case .mish: function = FCN_MISH
    case .clip(let low, let high): (function, parameter, second) = (FCN_CLIP, low, high)
    case .exponential: function = FCN_EXPONENTIAL
    case .gelu: function = FCN_GELU
    }
  }
}
