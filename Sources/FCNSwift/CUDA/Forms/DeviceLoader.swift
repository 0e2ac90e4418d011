import CDeviceCalls

/// Brings parameters to a device, through a pinned block that is as large as need be up to a limit.
/// To be used with the context current.
final class DeviceLoader {
  /// Bytes that travel at a time.
  private let partByteCount: Int

  let context: DeviceContext
  private let stream: DeviceStream
  private var staging: PinnedMemory?

  init(_ context: DeviceContext, partByteCount: Int = 16 << 20) throws {
    self.context = context
    self.partByteCount = partByteCount
    stream = try DeviceStream(context)
  }

  /// `floats` followed by zeros up to `count`, as float32.
  func upload(_ floats: UnsafeBufferPointer<Float>, paddedTo count: Int) throws -> DeviceMemory {
    let memory = try DeviceMemory(count * 4, in: context)
    if count > floats.count { try stream.clear(memory.address, count * 4) }
    try copy(floats, to: memory.address)
    return memory
  }

  /// The values of `tensor`, whole channel groups.
  func uploadChannels(_ tensor: Tensor) throws -> DeviceMemory {
    try upload(
      UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count),
      paddedTo: DeviceTensor.wholeGroups(tensor.shape.count))
  }

  /// The same of an array.
  func uploadChannels(_ floats: [Float]) throws -> DeviceMemory {
    try floats.withUnsafeBufferPointer {
      try upload($0, paddedTo: DeviceTensor.wholeGroups(floats.count))
    }
  }

  /// `count` zeros.
  func zeros(_ count: Int) throws -> DeviceMemory {
    let memory = try upload(UnsafeBufferPointer(start: nil, count: 0), paddedTo: count)
    try stream.synchronize()
    return memory
  }

  /// The same where nothing else is loaded.
  static func zeros(_ count: Int, _ context: DeviceContext) throws -> DeviceMemory {
    let memory = try DeviceMemory(count * 4, in: context)
    let stream = try DeviceStream(context)
    try stream.clear(memory.address, count * 4)
    try stream.synchronize()
    return memory
  }

  /// Any values, as they are.
  func upload<Value>(_ values: [Value]) throws -> DeviceMemory {
    try values.withUnsafeBytes { bytes in
      let memory = try DeviceMemory(bytes.count, in: context)
      try copy(bytes, to: memory.address)
      return memory
    }
  }

  /// Weights, outputs×inputs×positions, in the order of `order` as `element`. `outputs` go through
  /// the staging block a few at a time, so that nothing else is as large as the result. `byOutput`,
  /// outputs that fill the last group have weights of zero.
  func pack(
    _ weights: Tensor, outputs: Int, inputs: Int, positions: Int, _ order: PackingOrder,
    as element: DeviceElement
  ) throws -> DeviceMemory {
    let function = try context.functions.function(
      "pack", of: .packing, ["OUTPUT=\(element.typeName)"], context)
    let perOutput = inputs * positions
    switch order {
    case .byOutput:
      let padded = DeviceTensor.wholeGroups(inputs)
      let outputByteCount = positions * padded * element.byteCount
      let all = DeviceTensor.wholeGroups(outputs)
      let memory = try DeviceMemory(all * outputByteCount, in: context)
      if all > outputs {
        try stream.clear(
          memory.address + UInt64(outputs * outputByteCount), (all - outputs) * outputByteCount)
      }
      let together = max(1, min(outputs, partByteCount / (perOutput * 4)))
      let raw = try DeviceMemory(together * perOutput * 4, in: context)
      for first in stride(from: 0, to: outputs, by: together) {
        let count = min(together, outputs - first)
        try copy(
          UnsafeBufferPointer(
            start: weights.pointer + first * perOutput, count: count * perOutput), to: raw.address)
        try stream.pack(
          function,
          fcn_pack_call(
            raw.address, to: memory.address + UInt64(first * outputByteCount), rows: count,
            rowStride: perOutput, inner: inputs, innerStride: positions, positions: positions))
        weights.forget(part(first / together, of: outputs, size: together))
      }
      try stream.synchronize()
      return memory
    case .byPosition:
      let padded = DeviceTensor.wholeGroups(outputs)
      let memory = try DeviceMemory(inputs * positions * padded * element.byteCount, in: context)
      let raw = try upload(
        UnsafeBufferPointer(start: weights.pointer, count: outputs * perOutput),
        paddedTo: outputs * perOutput)
      try stream.pack(
        function,
        fcn_pack_call(
          raw.address, to: memory.address, rows: inputs, rowStride: positions, inner: outputs,
          innerStride: perOutput, positions: positions, byPosition: true))
      try stream.synchronize()
      return memory
    }
  }

  /// In which order packed weights lie.
  enum PackingOrder {
    /// [outputs, whole groups][positions][inputs, whole groups].
    case byOutput
    /// [positions][inputs][outputs, whole groups].
    case byPosition
  }

  /// Copies `floats` to the device.
  func copy(
    _ floats: UnsafeBufferPointer<Float>, to address: CUDADriver.Address
  ) throws { try copy(UnsafeRawBufferPointer(floats), to: address) }

  /// Copies as many floats as `target` has room for from the device.
  func fetch(
    _ address: CUDADriver.Address, to target: UnsafeMutableBufferPointer<Float>
  ) throws { try fetch(address, to: UnsafeMutableRawBufferPointer(target)) }

  /// Copies as many bytes as `target` has room for from the device.
  func fetch(_ address: CUDADriver.Address, to target: UnsafeMutableRawBufferPointer) throws {
    guard !target.isEmpty else { return }
    let staging = try room(for: target.count)
    var done = 0
    while done < target.count {
      let count = min(staging.byteCount, target.count - done)
      try stream.download(address + UInt64(done), count, to: staging.base)
      try stream.synchronize()
      UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count]).copyMemory(
        from: UnsafeRawBufferPointer(start: staging.base, count: count))
      done += count
    }
  }

  /// Whether no number of a tensor is NaN or infinite; what lies between the pixels of a window may be.
  func isFinite(_ tensor: DeviceTensor) throws -> Bool {
    let byteCount = tensor.spanByteCount
    let memory = try AlignedMemory(count: (byteCount + 3) / 4)
    let bytes = UnsafeMutableRawBufferPointer(start: memory.pointer, count: byteCount)
    try fetch(tensor.view.address, to: bytes)
    return withExtendedLifetime(memory) {
      tensor.piecesSatisfy {
        tensor.element.areFinite(UnsafeRawBufferPointer(rebasing: bytes[$0]))
      }
    }
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to address: CUDADriver.Address) throws {
    guard !bytes.isEmpty else { return }
    let staging = try room(for: bytes.count)
    var done = 0
    while done < bytes.count {
      let count = min(staging.byteCount, bytes.count - done)
      staging.base.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]).baseAddress
          ?? UnsafeRawPointer(staging.base), byteCount: count)
      try stream.upload(staging.base, count, to: address + UInt64(done))
      // Before the block is filled again.
      try stream.synchronize()
      done += count
    }
  }

  /// The pinned block, which has room for `byteCount` bytes or a part of them.
  private func room(for byteCount: Int) throws -> PinnedMemory {
    if let staging, staging.byteCount >= min(byteCount, partByteCount) { return staging }
    // Pinning takes long: not often, and no more than this.
    let least = max(byteCount, 2 * (staging?.byteCount ?? 32 << 10))
    staging = nil
    let made = try PinnedMemory(min(least, partByteCount), in: context)
    staging = made
    return made
  }
}

extension DeviceStream {
  /// Hands over a packing of weights.
  func pack(_ function: DeviceFunction, _ call: fcn_pack_call) throws {
    try launch(function, over: Int(call.rows) * Int(call.positions) * Int(call.padded), call)
  }
}

extension fcn_pack_call {
  /// Of weights without groups: row r, inner channel c and position p are the element at
  /// r · `rowStride` + c · `innerStride` + p of `source`.
  init(
    _ source: CUDADriver.Address, to target: CUDADriver.Address, rows: Int, rowStride: Int,
    inner: Int, innerStride: Int, positions: Int, byPosition: Bool = false
  ) {
    self.init(
      source: source, target: target, group_stride: 0, rows: Int32(rows), inner: Int32(inner),
      padded: Int32(DeviceTensor.wholeGroups(inner)), positions: Int32(positions),
      rows_per_group: Int32(rows), inner_per_group: Int32(inner), row_stride: Int32(rowStride),
      inner_stride: Int32(innerStride), joined: 0, turned: 0, by_position: byPosition ? 1 : 0,
      filled_rows: Int32(rows))
  }
}
