/// Text of a page.
enum HTML {
  /// `text` as it may stand between tags and within quoted attributes. Characters that no page may hold,
  /// and those that turn the direction of writing, are replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{FFFE}"..."\u{FFFF}",
        // What turns the direction of writing, so that a name could read as another.
        "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A name from a file or folder: by itself, so that its direction of writing does not turn what is
  /// beside it.
  static func name(_ text: String) -> String { "<bdi>\(escaped(text))</bdi>" }

  /// A picture's bytes as an address that holds them.
  static func address(of bytes: [UInt8], _ kind: String) -> String {
    "data:image/\(kind);base64,\(base64(bytes))"
  }

  /// `bytes` in base 64 (RFC 4648).
  static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      for place in 0..<4 {
        text.append(
          place <= part.count ? letters[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// A part of one in percent: with a digit after the point below 10 and above 99, "–" for what is no
  /// number.
  static func percent(_ part: Double) -> String {
    guard part.isFinite else { return "–" }
    let value = 100 * part
    return decimal(value, places: value == 0 || value >= 9.95 && value < 99 || value == 100 ? 0 : 1)
  }

  /// A measure of 0 to 1 with three digits, "–" for what is no number.
  static func measure(_ value: Double) -> String {
    value.isFinite ? decimal(value, places: 3) : "–"
  }

  /// A colour as style sheets have it.
  static func colour(_ colour: RGB) -> String {
    "rgb(\(colour.red),\(colour.green),\(colour.blue))"
  }
}

/// A page of its own: nothing in it comes from elsewhere, and it says all without a script.
struct ReportPage {
  /// In the browser's bar, and above everything.
  var title: String
  /// What stands after the title: in a word, how it goes.
  var badge: String?
  /// What it is of, a line each.
  var facts: [ReportFact]
  /// The sections, as they are.
  var sections: [String]
  /// Seconds after which a browser reads the page anew; nil for never.
  var refresh: Int?
  /// The program that made it, and when.
  var footer: String

  /// The whole file.
  var text: String {
    let refreshing = refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? ""
    let list = facts.map {
      "<div><dt>\(HTML.escaped($0.name))</dt><dd>\(HTML.name($0.value))</dd></div>"
    }.joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
      \(refreshing)<title>\(HTML.escaped(title))</title>
      <style>
      \(ReportStyle.sheet)
      </style>
      </head>
      <body>
      <main>
      <header>
      <h1>\(HTML.name(title))\(badge.map { " <span class=\"badge\">\(HTML.escaped($0))</span>" } ?? "")</h1>
      <dl class="facts">\(list)</dl>
      </header>
      \(sections.joined(separator: "\n"))
      <footer>\(HTML.escaped(footer))</footer>
      </main>
      </body>
      </html>

      """
  }

  /// A part of the page under a heading; `note` says in a sentence how to read it.
  static func section(_ heading: String, note: String = "", _ body: String) -> String {
    let note = note.isEmpty ? "" : "<p class=\"note\">\(HTML.escaped(note))</p>\n"
    return "<section>\n<h2>\(HTML.escaped(heading))</h2>\n\(note)\(body)\n</section>"
  }

  /// Numbers that matter, large.
  static func tiles(_ figures: [(name: String, value: String, note: String)]) -> String {
    let tiles = figures.map { figure in
      "<div class=\"tile\"><span>\(HTML.escaped(figure.name))</span><b>\(HTML.escaped(figure.value))"
        + "</b><small>\(HTML.escaped(figure.note))</small></div>"
    }
    return "<div class=\"tiles\">\(tiles.joined(separator: "\n"))</div>"
  }
}

/// Something that a report says of what it is about.
public struct ReportFact: Sendable, Hashable {
  /// What it is: "model".
  public var name: String
  /// What is so: a path, a number.
  public var value: String

  /// A fact.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
