public import CFCN
import FCNSwift

@c @implementation
public func fcn_labels_save(
  _ labels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ model: OpaquePointer?,
  _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let map = try labelMap(labels, "labels", width: Int(width), height: Int(height))
    let encoded = try map.encodedPNG(palette: try model.map { try palette(of: $0) } ?? [])
    try File.write(encoded, to: try string(path, "path"))
  }
}

/// A copy of `width` · `height` labels, once the size has been found sane.
private func labelMap(
  _ labels: UnsafePointer<UInt8>?, _ name: StaticString, width: Int, height: Int
) throws -> LabelMap {
  var map = try LabelMap(width: width, height: height)
  let labels = try required(labels, name)
  map.labels.withUnsafeMutableBufferPointer {
    $0.baseAddress?.update(from: labels, count: width * height)
  }
  return map
}

private func palette(of model: OpaquePointer) throws -> [RGB] {
  try ModelObject.from(model).model.description.palette
}
