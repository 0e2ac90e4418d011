import FCNTestSupport
import Testing

@testable import FCNSwift

struct XMLReaderTests {
  /// All pieces of `text`, which texts in several pieces are joined to.
  private func pieces(_ text: String) throws -> [XMLReader.Piece] {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var reader = try XMLReader(bytes)
      var pieces: [XMLReader.Piece] = []
      while let piece = try reader.next() {
        if case .text(let new) = piece, case .text(let old)? = pieces.last {
          pieces[pieces.count - 1] = .text(old + new)
        } else {
          pieces.append(piece)
        }
      }
      return pieces
    }
  }

  @Test func elementsAttributesAndTextAreRead() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- a <comment> -->
      <a x = 'one "1"' y="2&#x41;&amp;&#66;"><b/>&lt;é<![CDATA[<&]]></a >
      <?end?>

      """
    #expect(
      try pieces(text) == [
        .start("a", [.init(name: "x", value: "one \"1\""), .init(name: "y", value: "2A&B")]),
        .start("b", []), .end("b"), .text("<é<&"), .end("a"),
      ])
    #expect(try pieces("\u{FEFF}<a\n/>") == [.start("a", []), .end("a")])
    // White space within a value is spaces.
    #expect(
      try pieces("<a x=\"1\n2\"/>").first == .start("a", [.init(name: "x", value: "1 2")]))
  }

  @Test(arguments: [
    ("", 0), ("  ", 2), ("text", 0), ("<a>", 3), ("<a></b>", 5), ("<a/><b/>", 4), ("<a/>x", 4),
    ("<a x=1/>", 5), ("<a x/>", 4), ("<a x='1' x='2'/>", 14), ("<a x='1'y='2'/>", 8),
    ("<a x='<'/>", 6), ("<a x='1/>", 9), ("<1/>", 1), ("< a/>", 1), ("<a", 2), ("</a>", 2),
    ("<a>&b;</a>", 3), ("<a>&</a>", 3), ("<a>&#0;</a>", 3), ("<a>&#xD800;</a>", 3),
    ("<a>&#99999999;</a>", 3), ("<a>&#+5;</a>", 3), ("<a>\u{1}</a>", 3), ("<!-- a", 6), ("<?a", 3),
    ("<![CDATA[x]]>", 9), ("<a><![CDATA[x", 13),
  ])
  func malformedTextIsRefusedWithItsOffset(text: String, offset: Int) {
    expectError(.corrupt, saying: "byte \(offset):") { _ = try pieces(text) }
  }

  @Test func whatCouldMakeASmallFileEndlessIsRefused() throws {
    let bomb = """
      <!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>
      """
    expectError(.unsupported, saying: "document type") { _ = try pieces(bomb) }
    expectError(.unsupported, saying: "document type") {
      _ = try pieces("<a><!ENTITY b SYSTEM 'file:///etc/passwd'></a>")
    }
    let deep = String(repeating: "<a>", count: 100_000)
    expectError(.unsupported, saying: "nested deeper") { _ = try pieces(deep) }
    let wide = (0..<1000).map { " a\($0)=''" }.joined()
    expectError(.unsupported, saying: "attributes") { _ = try pieces("<a\(wide)/>") }
    let long = String(repeating: "x", count: 1 << 20)
    #expect(try pieces("<a>\(long)</a>").contains(.text(long)))
  }

  @Test func otherEncodingsAreRefused() {
    expectError(.unsupported, saying: "latin1") {
      _ = try pieces("<?xml version='1.0' encoding='latin1'?><a/>")
    }
    expectError(.unsupported, saying: "UTF-16") {
      let bytes: [UInt8] = [0xFF, 0xFE, 0x3C, 0]
      _ = try bytes.withUnsafeBytes { try XMLReader($0) }
    }
    expectError(.corrupt, saying: "byte 3") {
      let bytes: [UInt8] = Array("<a>".utf8) + [0xC3] + Array("</a>".utf8)
      try bytes.withUnsafeBytes { bytes in
        var reader = try XMLReader(bytes)
        while try reader.next() != nil {}
      }
    }
  }
}
