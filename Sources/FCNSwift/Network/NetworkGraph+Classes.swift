extension NetworkGraph {
  /// Throws `invalidArgument` where its scores are not of `count` classes.
  public func checkClasses(_ count: Int) throws {
    guard count != classCount else { return }
    let makers = network.layers.compactMap { layer -> String? in
      guard let convolution = layer.operation as? Convolution, convolution.makesScores else {
        return nil
      }
      return "\(layer.name): \(outputs(convolution.outputChannels, having: count))"
    }
    throw FCNError(
      .invalidArgument,
      "the network makes scores of \(classCount) classes, and there are \(count); in its JSON, as "
        + "`fcn info MODEL --graph` prints it, change \(Key.outputChannels) of the layers that make scores"
        + (makers.isEmpty ? "" : " (\(listed(makers, most: 6)))")
        + ", of those after them that have it, and groups that are as many")
  }

  /// How many outputs a layer of `outputs` that makes or enlarges scores has where there are `count`
  /// classes: as many a class as now, which are several where channels become pixels after it.
  private func outputs(_ outputs: Int, having count: Int) -> Int {
    outputs % classCount == 0 ? outputs / classCount * count : count
  }

  /// The same network with scores of `count` classes: convolutions that make scores, and upsampling of them
  /// that has as many channels a class, get another number of outputs; what else carries scores follows.
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
            outputs(convolution.outputChannels, having: count), kernel: window.kernel,
            stride: window.stride, padding: window.padding, dilation: window.dilation,
            groups: convolution.groups, bias: convolution.bias, makesScores: true), layer.inputs)
      case let upsampling as TransposedConvolution
      where carries[index] && upsampling.outputChannels % classCount == 0:
        window = upsampling.window
        return Layer(
          layer.name,
          TransposedConvolution(
            outputs(upsampling.outputChannels, having: count), kernel: window.kernel,
            stride: window.stride, padding: window.padding,
            groups: upsampling.groups % classCount == 0
              ? outputs(upsampling.groups, having: count) : upsampling.groups,
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
