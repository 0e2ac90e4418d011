public import CFCN
import FCNSwift

@_cdecl("fcn_result_count")
public func fcn_result_count(
  _ count: UnsafeMutablePointer<Int32>?, _ session: OpaquePointer?
) -> fcn_status {
  attempt {
    try required(count, "count").pointee = try SessionObject.from(session).use {
      Int32(clamping: $0.resultCount)
    }
  }
}

@_cdecl("fcn_result_size")
public func fcn_result_size(
  _ width: UnsafeMutablePointer<Int32>?, _ height: UnsafeMutablePointer<Int32>?,
  _ session: OpaquePointer?, _ index: Int32
) -> fcn_status {
  attempt {
    let width = try required(width, "width")
    let height = try required(height, "height")
    let size = try SessionObject.from(session).use { try $0.resultSize(Int(index)) }
    (width.pointee, height.pointee) = (Int32(clamping: size.width), Int32(clamping: size.height))
  }
}

@_cdecl("fcn_result_labels")
public func fcn_result_labels(
  _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?,
  _ session: OpaquePointer?, _ index: Int32
) -> fcn_status {
  attempt {
    try SessionObject.from(session).use { session in
      let size = try session.resultSize(Int(index))
      try deliver(size.width * size.height, to: buffer, capacity: capacity, needed: needed) {
        try session.copyLabels(Int(index), to: $0)
      }
    }
  }
}

@_cdecl("fcn_result_scores")
public func fcn_result_scores(
  _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?,
  _ session: OpaquePointer?, _ index: Int32
) -> fcn_status {
  attempt {
    try SessionObject.from(session).use { session in
      let count = try session.scoreCount(Int(index))
      try deliver(count, to: buffer, capacity: capacity, needed: needed) {
        try session.copyScores(Int(index), to: $0)
      }
    }
  }
}

@_cdecl("fcn_result_probabilities")
public func fcn_result_probabilities(
  _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?,
  _ session: OpaquePointer?, _ index: Int32
) -> fcn_status {
  attempt {
    try SessionObject.from(session).use { session in
      let count = try session.scoreCount(Int(index))
      try deliver(count, to: buffer, capacity: capacity, needed: needed) {
        try session.copyProbabilities(Int(index), to: $0)
      }
    }
  }
}

@_cdecl("fcn_result_areas")
public func fcn_result_areas(
  _ buffer: UnsafeMutablePointer<Int64>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?,
  _ session: OpaquePointer?, _ index: Int32
) -> fcn_status {
  attempt {
    try SessionObject.from(session).use { session in
      _ = try session.resultSize(Int(index))
      let count = session.model.description.classNames.count
      try deliver(count, to: buffer, capacity: capacity, needed: needed) { buffer in
        for (target, area) in zip(buffer.indices, try session.areas(Int(index))) {
          buffer[target] = Int64(area)
        }
      }
    }
  }
}

extension Session {
  /// Classes × height × width of a result.
  fileprivate func scoreCount(_ index: Int) throws -> Int {
    let size = try resultSize(index)
    return model.description.classNames.count * size.width * size.height
  }
}
