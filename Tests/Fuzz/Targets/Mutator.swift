import CFuzzer

/// A file taken apart, so that a part can be changed and lengths and checksums made to fit again: without
/// them most of what libFuzzer thinks of ends at the first check.
protocol FileParts {
  /// nil where `bytes` cannot be taken apart.
  init?(_ bytes: [UInt8])

  /// Changes a part, or which parts there are.
  mutating func change(_ chance: inout Chance)

  /// The file of these parts.
  var bytes: [UInt8] { get }
}

/// What decides on changes: SplitMix64.
struct Chance {
  private var state: UInt64

  init(seed: UInt32) { state = UInt64(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 to `count` − 1.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  /// True once in `count` times.
  mutating func isOne(in count: Int) -> Bool { below(count) == 0 }

  /// A number that is somebody's limit, or beside it.
  mutating func limit() -> UInt64 {
    let power: UInt64 = 1 << UInt64(below(64))
    switch below(4) {
    case 0: return UInt64(below(6))
    case 1: return power
    case 2: return power &- 1
    default: return UInt64.max - UInt64(below(3))
    }
  }

  /// `bytes` as libFuzzer changes them, which knows its dictionary and what was compared.
  mutating func changed(_ bytes: [UInt8], growing: Bool = true) -> [UInt8] {
    let most = max(1, growing ? bytes.count + 1 + below(64) : bytes.count)
    var changed = bytes + [UInt8](repeating: 0, count: most - bytes.count)
    let count = changed.withUnsafeMutableBufferPointer {
      LLVMFuzzerMutate($0.baseAddress, bytes.count, most)
    }
    changed.removeLast(changed.count - count)
    return changed
  }

  /// Takes away, doubles or moves one of `parts`; false where there are none.
  @discardableResult mutating func rearrange<Part>(_ parts: inout [Part]) -> Bool {
    guard !parts.isEmpty else { return false }
    let index = below(parts.count)
    switch below(3) {
    case 0: parts.remove(at: index)
    case 1: parts.insert(parts[index], at: below(parts.count + 1))
    default: parts.insert(parts.remove(at: index), at: below(parts.count))
    }
    return true
  }
}

extension FuzzTarget {
  /// What this target's files may be taken apart as.
  private var structures: [any FileParts.Type] {
    switch name {
    case "png": [PNGParts.self]
    case "jpeg": [JPEGParts.self]
    case "tiff": [TIFFParts.self]
    case "labels": [PNGParts.self, NPYParts.self, PickleParts.self]
    case "pth", "npz", "cvat": [ZipParts.self, PickleParts.self]
    case "onnx", "caffe": [ProtobufParts.self]
    case "model", "safetensors", "checkpoint": [SafetensorsParts.self]
    case "graph", "labelme", "coco", "json": [TextParts.self]
    default: []
    }
  }

  /// `bytes` changed, at most `most` of them.
  func mutated(_ bytes: [UInt8], _ most: Int, seed: UInt32) -> [UInt8] {
    var chance = Chance(seed: seed)
    guard !chance.isOne(in: 4) else { return [] }
    for structure in structures {
      guard var parts = structure.init(bytes) else { continue }
      for _ in 0...chance.below(3) { parts.change(&chance) }
      let made = parts.bytes
      if made != bytes, !made.isEmpty, made.count <= most { return made }
    }
    return []
  }
}

@_cdecl("LLVMFuzzerCustomMutator")
public func fuzzMutate(
  _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int, _ seed: UInt32
) -> Int {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let made = FuzzTarget.chosen.mutated(bytes, most, seed: seed)
  guard !made.isEmpty else { return LLVMFuzzerMutate(data, count, most) }
  data.update(from: made, count: made.count)
  return made.count
}
