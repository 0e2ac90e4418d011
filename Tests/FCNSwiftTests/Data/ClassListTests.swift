import FCNTestSupport
import Testing

@testable import FCNSwift

@Suite struct ClassListTests {
  private func list(_ bytes: [UInt8]) throws -> ClassList {
    try ClassList(lines: try TextLines.of(bytes))
  }

  private func utf16(_ text: String, lowByteFirst: Bool) -> [UInt8] {
    text.utf16.flatMap { unit in
      let (low, high) = (UInt8(unit & 255), UInt8(unit >> 8))
      return lowByteFirst ? [low, high] : [high, low]
    }
  }

  @Test func namesAreReadInEveryEncodingThatCanBeTold() throws {
    let text = "Straße\r\n\r\n  gehweg \r\nБаум\r\n"
    let names = ["Straße", "gehweg", "Баум"]
    #expect(try list(Array(text.utf8)).names == names)
    #expect(try list([0xEF, 0xBB, 0xBF] + Array(text.utf8)).names == names)
    #expect(try list([0xFF, 0xFE] + utf16(text, lowByteFirst: true)).names == names)
    #expect(try list([0xFE, 0xFF] + utf16(text, lowByteFirst: false)).names == names)
    #expect(try list(utf16("road\nsky\n", lowByteFirst: true)).names == ["road", "sky"])
    #expect(try list(utf16("road\nsky\n", lowByteFirst: false)).names == ["road", "sky"])
    #expect(try list(Array("road\rsky\r".utf8)).names == ["road", "sky"])
  }

  @Test func anEncodingThatCannotBeToldIsRefused() throws {
    expectError(.corrupt, saying: "line 2", "UTF-8") {
      _ = try list(Array("road\nStra".utf8) + [0xDF] + Array("e\n".utf8))
    }
    expectError(.corrupt, saying: "UTF-8") { _ = try list([0x41, 0, 0, 0x42]) }
    expectError(.corrupt, saying: "UTF-16") { _ = try list([0xFF, 0xFE, 0x41]) }
  }

  @Test func commentsCountForNothingButNamesLikeThemAreRefused() throws {
    #expect(try list(Array("# my classes\na\n#\nb\n".utf8)).names == ["a", "b"])
    expectError(.corrupt, saying: "line 2", "#b") { _ = try list(Array("a\n#b\n".utf8)) }
  }

  @Test(arguments: ["", "\n \n", "a\nb\na\n", "a\u{1B}[31m\nb\n"])
  func listsThatCannotBeMeantAreRefused(text: String) {
    expectError(.corrupt) { _ = try list(Array(text.utf8)) }
  }

  @Test func namesInProgramsAreCheckedToo() throws {
    #expect(try ClassList(names: ["a", "b"]).colours == nil)
    expectError(.corrupt, saying: "class 1", "empty") { _ = try ClassList(names: ["a", ""]) }
    expectError(.corrupt, saying: "“a”", "twice") { _ = try ClassList(names: ["a", "a"]) }
  }

  @Test func labelMapsOfCVATHaveNamesAndColours() throws {
    let text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nthing:250,50,83:hand:\n"
    let map = try list(Array(text.utf8))
    #expect(map.names == ["background", "thing"])
    #expect(map.colours == [RGB(0, 0, 0), RGB(250, 50, 83)])
    // What nobody drew on is black, listed or not.
    let bare = try list(Array("thing:250,50,83::\n".utf8))
    #expect(bare.names == ["background", "thing"])
    #expect(try list(Array("a:::\nb:::\n".utf8)).colours == nil)
    expectError(.corrupt, saying: "line 2", "name:r,g,b") {
      _ = try list(Array("a:1,2,3::\nb\n".utf8))
    }
    expectError(.corrupt, saying: "“a”", "“b”", "one colour") {
      _ = try list(Array("a:1,2,3::\nb:1,2,3::\n".utf8))
    }
  }

  @Test func tablesOfColoursAreReadWithOrWithoutTitles() throws {
    let table = "sky,128,128,128\nvoid,0,0,0\n"
    for text in [table, "name,r,g,b\n" + table] {
      let list = try list(Array(text.utf8))
      #expect(list.names == ["sky", "void"])
      #expect(list.colours == [RGB(128, 128, 128), RGB(0, 0, 0)])
    }
  }
}
