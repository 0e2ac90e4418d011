/// Writes weight[o, i, j, k], of shape `shape`, to turned[i, o, −j, −k]: the kernels of the convolution
/// that makes the input's gradient of the output's.
func turnKernels(
  _ weight: UnsafePointer<Float>, _ shape: Shape, to turned: UnsafeMutablePointer<Float>,
  _ workers: Workers
) {
  let (outputs, inputs, taps) = (shape.n, shape.c, shape.planeCount)
  workers.run(inputs) { i, _ in
    for o in 0..<outputs {
      let source = weight + (o * inputs + i) * taps
      let target = turned + (i * outputs + o) * taps
      for tap in 0..<taps { target[taps - 1 - tap] = source[tap] }
    }
  }
}
