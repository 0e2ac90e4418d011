@testable import FCNSwift

/// Pickles put together by hand, and the objects in them.
enum PickleBuilder {
  /// A pickle of protocol 2 with `body` between its first opcode and its last.
  static func pickle(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + Array(".".utf8) }

  /// A text of at most 255 bytes.
  static func text(_ text: String) -> [UInt8] {
    [0x8C, UInt8(text.utf8.count)] + Array(text.utf8)
  }

  /// An integer.
  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(value) }

  /// What looks a global up.
  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  static func tuple(_ parts: [UInt8]...) -> [UInt8] {
    Array("(".utf8) + parts.joined() + Array("t".utf8)
  }

  /// A dictionary of texts.
  static func dictionary(_ members: (String, [UInt8])...) -> [UInt8] {
    Array("}(".utf8) + members.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
  }

  /// A storage of the zip form.
  static func storage(_ type: String = "FloatStorage", key: String = "0", count: Int) -> [UInt8] {
    tuple(text("storage"), global("torch", type), text(key), text("cpu"), integer(count))
      + Array("Q".utf8)
  }

  /// A tensor that is rebuilt of a storage.
  static func tensor(
    _ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    global("torch._utils", "_rebuild_tensor_v2")
      + tuple(
        storage, integer(offset), Array("(".utf8) + shape.flatMap(integer) + Array("t".utf8),
        Array("(".utf8) + strides.flatMap(integer) + Array("t".utf8), [0x89], Array("}".utf8))
      + Array("R".utf8)
  }

  /// A PyTorch file of the zip form with `root` for its object and a storage of eight floats,
  /// 0 to 7, called 0.
  static func torchFile(_ root: [UInt8]) -> [UInt8] {
    let floats = (0..<8).flatMap { littleEndian(Float($0).bitPattern) }
    return ZipBuilder([
      .init("x/data.pkl", pickle(root)), .init("x/byteorder", Array("little".utf8)),
      .init("x/data/0", floats),
    ]).bytes
  }
}
