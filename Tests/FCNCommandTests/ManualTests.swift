import FCNTestSupport
import Foundation
import Testing

/// The manual pages and completions that the command writes of itself.
struct ManualTests {
  private static func finds(_ tool: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return (path + ":/usr/bin").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
    }
  }

  /// What `words` print on standard output and standard error.
  private func output(_ words: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }

  private func pages() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let result = try Command.run(
      ["man", "-o", folder.file("man1")], environment: ["SOURCE_DATE_EPOCH": "1795962893"])
    #expect(result.status == 0, "\(result.errors)")
    return folder
  }

  @Test func everyCommandHasAPageThatTellsOfItsOptions() throws {
    let folder = try pages()
    let overview = try String(contentsOfFile: folder.file("man1/fcn.1"), encoding: .utf8)
    #expect(overview.contains("\"2026-11-29\""))
    for name in HelpTests.commands {
      let page = try String(contentsOfFile: folder.file("man1/fcn-\(name).1"), encoding: .utf8)
        .replacingOccurrences(of: "\\-", with: "-").replacingOccurrences(of: "\\fR", with: "")
      #expect(overview.contains("\\fBfcn\\-\(name.replacingOccurrences(of: "-", with: "\\-"))(1)"))
      for line in try Command.succeed(name, "--help").text.split(separator: "\n")
      where line.hasPrefix("  -") {
        let option = line.split(separator: " ").first { $0.hasPrefix("--") } ?? ""
        #expect(page.contains("\\fB\(option)"), "\(name): \(option)")
      }
    }
  }

  @Test(.enabled(if: finds("mandoc"), "manual pages: there is no mandoc to check them"))
  func thePagesAreGoodManualPages() throws {
    let folder = try pages()
    let names = (["fcn"] + HelpTests.commands.map { "fcn-\($0)" }).map {
      folder.file("man1/\($0).1")
    }
    let result = try output(["mandoc", "-Tlint", "-Wwarning"] + names)
    #expect(result.status == 0 && result.text.isEmpty, "\(result.text)")
  }

  /// What bash offers for a command line, whose last word is the one to be completed.
  private func bashOffers(_ words: [String]) throws -> Set<Substring> {
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let script = """
      set -e
      source <('\(Command.path)' completions bash)
      complete -p fcn > /dev/null
      compopt() { :; }
      COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
      _fcn
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try output(["bash", "-c", script])
    #expect(result.status == 0, "\(result.text)")
    return Set(result.text.split(separator: "\n"))
  }

  @Test(.enabled(if: finds("bash"), "completions of bash: there is no bash"))
  func bashCompletesCommandsOptionsChoicesAndFiles() throws {
    let commands = try bashOffers(["fcn", ""])
    let first = HelpTests.commands + ["help", "--help", "--version"]
    #expect(commands == Set(first.map { $0[...] }))
    #expect(try bashOffers(["fcn", "seg"]) == ["segment"])
    #expect(try bashOffers(["fcn", "help", "tr"]) == ["train"])
    #expect(try bashOffers(["fcn", "segment", "--over"]) == ["--overlay"])
    #expect(try bashOffers(["fcn", "segment", "--precision", "int"]) == ["int16", "int8"])
    #expect(try bashOffers(["fcn", "segment", "--precision", "=", "int1"]) == ["int16"])
    #expect(try bashOffers(["fcn", "segment", "--precision", "="]).contains("float32"))
    // Every name that is offered is one that the command knows.
    let known = try Command.object(Command.succeed("info", "--json"))["architectures"]
    let names = try #require(known as? [String: Any]).keys
    #expect(try bashOffers(["fcn", "init", "--architecture", ""]) == Set(names.map { $0[...] }))

    let folder = try TemporaryFolder()
    for name in ["a picture.png", "a model.safetensors"] {
      try Data().write(to: URL(fileURLWithPath: folder.file(name)))
    }
    try FileManager.default.createDirectory(
      atPath: folder.file("a folder"), withIntermediateDirectories: true)
    let all = try bashOffers(["fcn", "segment", folder.file("a")])
    #expect(all.count == 3)
    #expect(try bashOffers(["fcn", "segment", "-m", folder.file("a m")]).count == 1)
    #expect(try bashOffers(["fcn", "train", "--data", folder.file("a")]).count == 1)
    #expect(try bashOffers(["fcn", "segment", "--", folder.file("a p")]).count == 1)
    #expect(try bashOffers(["fcn", "version", folder.file("a")]).isEmpty)
  }

  @Test(.enabled(if: finds("zsh"), "completions of zsh: there is no zsh"))
  func zshCompletes() throws {
    // A terminal of zsh's own, in which Tab is pressed.
    let script = """
      zmodload zsh/zpty
      zpty shell 'TERM=dumb zsh -f -i'
      zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; LISTMAX=0'
      zpty -w shell "source <('\(Command.path)' completions zsh); print ready"
      zpty -r -m shell text '*ready*ready*'
      zpty -w -n shell $'fcn segment --precision int\\t\\t'
      zpty -r -m shell more '*int16*'; text+=$more
      zpty -w -n shell $'\\C-ufcn segment --overl\\tx --grey-l\\t'
      zpty -w -n shell $'\\C-ufcn quant\\t'
      zpty -r -m shell more '*quantize*'; text+=$more
      print -r -- $text
      zpty -d shell
      """
    let text = try output(["timeout", "20", "zsh", "-f", "-c", script]).text
    for part in ["int16", "int8", "--overlay", "--grey-labels", "quantize"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test(.enabled(if: finds("fish"), "completions of fish: there is no fish"))
  func fishCompletes() throws {
    func offers(_ line: String) throws -> [String] {
      let script = "'\(Command.path)' completions fish | source; complete -C '\(line)'"
      let result = try output(["fish", "--no-config", "-c", script])
      #expect(result.status == 0, "\(result.text)")
      return result.text.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }
    #expect(Set(try offers("fcn ")).isSuperset(of: HelpTests.commands))
    #expect(try offers("fcn segment --overl") == ["--overlay"])
    #expect(Set(try offers("fcn segment --precision int")) == ["int16", "int8"])
    #expect(Set(try offers("fcn train --optimizer ")) == ["adamw", "sgd"])
  }

  @Test func aShellThatIsNotKnownIsRefused() throws {
    try Command.fail(
      2, saying: "\"tcsh\"", "bash, zsh, fish", calling: ["completions", "tcsh"])
  }
}
