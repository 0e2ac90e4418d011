/// A form that trains over planar values, some of which lie in blocks: those it reads, and makes gradients
/// by, in scratch memory.
final class PlanarCopies: PreparedTrainingForm {
  private let prepared: any PreparedTrainingForm
  /// Of each input, where its copy begins; nil where it lies planar.
  private let places: [Int?]
  /// Floats of all copies.
  private let copyCount: Int

  init(_ prepared: any PreparedTrainingForm, _ inputs: [TrainingValue]) {
    self.prepared = prepared
    var count = 0
    places = inputs.map { value in
      guard value.layout != .planar else { return nil }
      defer { count += roundUp(value.shape.count, toMultipleOf: 16) }
      return count
    }
    copyCount = count
  }

  var usesMatrixLibrary: Bool { prepared.usesMatrixLibrary }
  var workspacePerWorker: Int { prepared.workspacePerWorker }
  /// Copies of inputs, and of the gradients by them.
  var sharedWorkspace: Int { 2 * copyCount + prepared.sharedWorkspace }

  private func copies(_ inputs: [Tensor], _ workers: Workers) -> [Tensor] {
    zip(inputs, places).map { input, place in
      guard let place else { return input }
      let copy = workers.tensor(input.shape, at: place)
      changeLayout(input.pointer, input.shape, to: .planar, copy.pointer, workers)
      return copy
    }
  }

  func forward(_ call: ForwardCall) {
    prepared.forward(
      ForwardCall(
        inputs: copies(call.inputs, call.workers), output: call.output,
        parameters: call.parameters, workers: call.workers.withoutShared(2 * copyCount),
        training: call.training, seed: call.seed))
  }

  func backward(_ call: BackwardCall) {
    let gradients = zip(call.inputGradients, places).map { gradient, place in
      guard let gradient, let place else { return gradient }
      return call.workers.tensor(gradient.shape, at: copyCount + place)
    }
    prepared.backward(
      BackwardCall(
        inputs: copies(call.inputs, call.workers), output: call.output,
        parameters: call.parameters, outputGradient: call.outputGradient,
        inputGradients: gradients, parameterGradients: call.parameterGradients,
        workers: call.workers.withoutShared(2 * copyCount), seed: call.seed))
    for (gradient, made) in zip(call.inputGradients, gradients) {
      guard let gradient, let made, gradient.layout != made.layout else { continue }
      changeLayout(made.pointer, made.shape, to: .blocked, gradient.pointer, call.workers)
    }
  }
}

/// What is left of a rectifier where the layer before it rectifies what it makes.
final class RectifiedBefore: PreparedTrainingForm {
  func forward(_ call: ForwardCall) {}
  func backward(_ call: BackwardCall) {}
}
