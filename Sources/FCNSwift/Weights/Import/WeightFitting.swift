/// How a foreign tensor takes the shape that a network wants, where both mean the same numbers.
extension WeightTensor {
  /// The tensor under the name and shape of `wanted`, nil where it does not fit:
  /// - the extents agree, once those of 1 are left out (Caffe's biases are 1×1×1×n);
  /// - a hidden layer's out×(in·h·w) matrix becomes a convolution's out×in×h×w;
  /// - an upsampling's kernel for every pair of classes becomes one for every class, if those
  ///   between different classes are zero.
  func fitted(to wanted: ParameterSpecification) throws -> WeightTensor? {
    let (own, other) = (shape.filter { $0 != 1 }, wanted.shape.filter { $0 != 1 })
    if own == other { return reshaped(wanted.name, wanted.shape) }
    if own.count == 2, other.count > 2, own[0] == wanted.shape[0], count == wanted.count {
      return reshaped(wanted.name, wanted.shape)
    }
    guard wanted.initializer == .bilinear, shape.count == 4, wanted.shape.count == 4,
      wanted.shape[1] == 1, shape[0] == wanted.shape[0], shape[1] == shape[0],
      shape[2...] == wanted.shape[2...]
    else { return nil }
    return try diagonal(wanted)
  }

  /// The kernels from each class to itself, nil where one between different classes is not zero.
  private func diagonal(_ wanted: ParameterSpecification) throws -> WeightTensor? {
    guard try !mixesClasses() else { return nil }
    let (classes, kernel) = (shape[0], shape[2] * shape[3])
    return try WeightTensor(name: wanted.name, shape: wanted.shape) { target in
      try withFloats { source in
        for c in 0..<classes {
          for i in 0..<kernel {
            target[c * kernel + i] = source[(c * classes + c) * kernel + i]
          }
        }
      }
    }
  }

  /// Whether it has in×out×height×width kernels of which one between different classes is not zero.
  func mixesClasses() throws -> Bool {
    guard shape.count == 4, shape[0] == shape[1], shape[0] > 1 else { return false }
    let (classes, kernel) = (shape[0], shape[2] * shape[3])
    return try withFloats { values in
      (0..<classes * classes).contains { pair in
        pair / classes != pair % classes
          && values[pair * kernel..<(pair + 1) * kernel].contains { $0 != 0 }
      }
    }
  }

  /// Whether every element is zero; looks no further than the first that is not.
  var isZero: Bool {
    // Whatever the type, zero is all bits clear but for the sign.
    withUnsafeBytes { bytes in
      let width = elementType.byteCount
      return bytes.indices.allSatisfy { index in
        bytes[index] == 0 || (bytes[index] == 0x80 && index % width == width - 1)
      }
    }
  }
}
