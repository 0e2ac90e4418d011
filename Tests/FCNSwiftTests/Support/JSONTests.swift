import FCNTestSupport
import Testing

@testable import FCNSwift

struct JSONTests {
  @Test func everyKindOfValueIsRead() throws {
    let json = try JSON(
      parsing: " {\"a\" : [1, -2.5e3 ,0, true,false,null], \"b\":{}, \"c\":\"x\" , \"d\":[]}\r\n\t")
    let expected: JSON = [
      "a": [1, -2500, 0, true, false, nil], "b": [:], "c": "x", "d": [],
    ]
    #expect(json == expected)
    #expect(json["a"]?.elements?[1].integer == -2500)
    #expect(json["nothing"] == nil)
  }

  @Test func membersKeepTheirOrder() throws {
    let text = #"{"z":1,"a":2,"m":3}"#
    #expect(try JSON(parsing: text).compactText == text)
  }

  @Test func escapesAndUnicodeAreRead() throws {
    let json = try JSON(parsing: #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é😀""#)
    #expect(json.text == "\"\\/\u{8}\u{C}\n\r\tAé😀é😀")
  }

  @Test(arguments: [
    ("", 0), ("   ", 3), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5),
    ("{a:1}", 1), ("tru", 3), ("nul!", 3), ("+1", 0), ("01", 1), ("1.", 2), (".5", 0), ("1e", 2),
    ("-", 1), ("\"abc", 4), ("\"\\x\"", 2), ("\"\\u12g4\"", 5), ("\"\\ud800\"", 2),
    ("\"\\udc00\"", 2), ("\"\\ud800\\u0041\"", 2), ("1e999", 0), ("[1] 2", 4), ("\"a\nb\"", 2),
    ("{\"a\":1,\"a\":2}", 7), ("NaN", 0), ("'a'", 0), ("[", 1), ("{\"a\"", 4), ("// x", 0),
  ])
  func malformedTextIsRefusedWithItsOffset(text: String, offset: Int) {
    expectError(.corrupt, saying: "byte \(offset):") { _ = try JSON(parsing: text) }
  }

  @Test(arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
  func bytesThatAreNotUTF8AreRefused(bytes: [UInt8]) {
    expectError(.corrupt, saying: "byte 0", "UTF-8") {
      _ = try ([0x22] + bytes + [0x22]).withUnsafeBytes { try JSON(parsing: $0) }
    }
  }

  @Test func nestingIsLimited() throws {
    let deepest = JSON.deepestNesting
    let fits = String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)
    #expect(try JSON(parsing: fits).compactText == fits)
    expectError(.unsupported, saying: "deeper") {
      _ = try JSON(parsing: String(repeating: "[", count: deepest + 1))
    }
    expectError(.unsupported, saying: "deeper") {
      _ = try JSON(parsing: String(repeating: "{\"a\":", count: 100_000))
    }
  }

  @Test func theNumberOfValuesIsLimited() {
    let text = "[" + String(repeating: "1,", count: JSON.largestValueCount) + "1]"
    expectError(.unsupported, saying: "values") { _ = try JSON(parsing: text) }
  }

  @Test(arguments: [
    (JSON.number(0.1 as Float), "0.1"), (.number(1.0 as Float), "1"), (.number(-0.0), "0"),
    (.number(1e-7), "1e-07"), (.number(Int(1) << 53), "9007199254740992"),
    (.number(1e300), "1e+300"),
    (.number(Double.infinity), "null"), (.number(Double.nan), "null"), (.number(-17), "-17"),
    (.string("a\"\\\n\u{1}é"), #""a\"\\\n\u0001é""#),
  ])
  func scalarsAreWrittenShortAndValid(value: JSON, text: String) {
    #expect(value.compactText == text)
  }

  @Test func floatsSurviveTheWayThroughText() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<5000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      guard value.isFinite else { continue }
      #expect(try JSON(parsing: JSON.number(value).compactText).float == value)
    }
  }

  @Test func indentedTextReadsBackTheSame() throws {
    let json: JSON = ["a": [1, 2], "b": ["c": [["d": "e"], []], "f": [:]], "g": nil]
    #expect(
      json.indentedText == """
        {
          "a": [1, 2],
          "b": {
            "c": [
              {
                "d": "e"
              },
              []
            ],
            "f": {}
          },
          "g": null
        }
        """)
    #expect(try JSON(parsing: json.indentedText) == json)
  }

  @Test func integersAreOnlyWholeNumbersWithinReach() throws {
    #expect(try JSON(parsing: "9007199254740993000").integer == nil)
    #expect(try JSON(parsing: "1.5").integer == nil)
    #expect(try JSON(parsing: "-3").integer == -3)
    #expect(try JSON(parsing: "1e39").float == nil)
  }
}
