extension NetworkGraph {
  /// Throws `invalidArgument` where its scores are not of `count` classes.
  public func checkClasses(_ count: Int) throws {
    guard count != classCount else { return }
    let makers = network.layers.filter {
      ($0.operation as? Convolution)?.makesScores == true
    }.map(\.name)
    throw FCNError(
      .invalidArgument,
      "the network makes scores of \(classCount) classes, and there are \(count); in its JSON, change "
        + "\(Key.outputChannels) of the layers that make scores"
        + (makers.isEmpty ? "" : " (\(listed(makers, most: 6)))")
        + ", and of those after them that have it, to \(count), and groups that are as many")
  }

  /// The same network with scores of `count` classes: convolutions that make scores, and upsampling of them
  /// that has as many channels, get another number of outputs; what else carries scores follows.
  ///
  /// Throws `invalidArgument` where the number of classes is not theirs alone, as `checkClasses`.
  public func havingClasses(_ count: Int) throws -> NetworkGraph {
    if count == classCount { return self }
    let carries = network.carriesScores
    let layers = network.layers.enumerated().map { index, layer in
      let window: Window
      switch layer.operation {
      case let convolution as Convolution where convolution.makesScores:
        window = convolution.window
        return Layer(
          layer.name,
          Convolution(
            count, kernel: window.kernel, stride: window.stride, padding: window.padding,
            dilation: window.dilation, groups: convolution.groups, bias: convolution.bias,
            makesScores: true), layer.inputs)
      case let upsampling as TransposedConvolution
      where carries[index] && upsampling.outputChannels == classCount:
        window = upsampling.window
        return Layer(
          layer.name,
          TransposedConvolution(
            count, kernel: window.kernel, stride: window.stride, padding: window.padding,
            groups: upsampling.groups == classCount ? count : upsampling.groups,
            bias: upsampling.bias, isFixed: upsampling.isFixed), layer.inputs)
      default: return layer
      }
    }
    guard let changed = try? network.replacingLayers(layers),
      let graph = try? NetworkGraph(changed), graph.classCount == count
    else {
      try checkClasses(count)
      return self
    }
    return graph
  }
}
