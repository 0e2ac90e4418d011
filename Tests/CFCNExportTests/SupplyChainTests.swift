import FCNTestSupport
import Foundation
import Testing

/// What the built files are protected by, and what they say that they consist of.
@Suite struct SupplyChainTests {
  private static let command = "\(BuiltTree.root)/build/bin/fcn"
  private static var isX86: Bool {
    (try? BuiltTree.run("uname", "-m"))?.contains("x86_64") == true
  }

  @Test(arguments: [BuiltTree.library, command])
  func theLoaderMakesReadOnlyWhatItHasFilledIn(file: String) throws {
    try BuiltTree.check()
    let segments = try BuiltTree.run("readelf", "-lW", file)
    #expect(segments.contains("GNU_RELRO"))
    let stack = segments.split(separator: "\n").first { $0.contains("GNU_STACK") }
    // Readable and writable, with no E.
    #expect(stack?.contains(" RW ") == true, "\(stack ?? "no line")")
    for segment in segments.split(separator: "\n") where segment.contains(" LOAD ") {
      #expect(!segment.contains(" RWE "), "\(segment)")
    }
    let dynamic = try BuiltTree.run("readelf", "-dW", file)
    #expect(dynamic.contains("NOW"), "symbols are to be bound when it is loaded")
    for unwanted in ["TEXTREL", "RPATH", "RUNPATH"] { #expect(!dynamic.contains(unwanted)) }
    let header = try BuiltTree.run("readelf", "-hW", file)
    #expect(header.contains("DYN ("))
    if file == Self.command { #expect(dynamic.contains("Flags: NOW PIE")) }
  }

  /// Of what the compiler was told there is evidence in the objects of our own C alone.
  @Test(.enabled(if: isX86, "how our C is compiled: the flags are for x86-64"))
  func ourCIsCompiledWithItsGuards() throws {
    try BuiltTree.check()
    let build = "\(BuiltTree.root)/build/swift/release"
    func symbols(_ object: String) throws -> String {
      try BuiltTree.run("nm", "-u", "\(build)/\(object)")
    }
    #expect(try symbols("CImageCodecs.build/png_call.c.o").contains("__stack_chk_fail"))
    for object in ["CImageCodecs.build/png.c.o", "CSystem.build/system.c.o"] {
      let notes = try BuiltTree.run("readelf", "-nW", "\(build)/\(object)")
      #expect(notes.contains("IBT, SHSTK"), "\(object): \(notes)")
    }
  }

  @Test func aListOfPartsNamesWhatIsLinked() throws {
    try BuiltTree.check()
    let folder = try TemporaryFolder()
    try BuiltTree.run(
      "\(BuiltTree.root)/scripts/make-sbom", folder.file("parts"),
      environment: ["SOURCE_DATE_EPOCH": "0"])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("parts"))
    #expect(files.count == 3)
    for file in files {
      let path = folder.file("parts/\(file)")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let isWhole = file.contains("-library.")
      for name in [
        "\"SPDX-2.3\"", "\"OpenBLAS\"", "\"libpng\"", "\"libjpeg-turbo\"", "\"zlib\"", "\"glibc\"",
        "\"libstdc++\"", "Apache-2.0 WITH Swift-exception", "libswiftCore.a",
        "1970-01-01T00:00:00Z",
      ] {
        #expect(text.contains(name), "\(file): \(name)")
      }
      // Swift's, OpenBLAS, and the picture libraries where they are inside.
      let inside = text.ranges(of: "\"STATIC_LINK\"").count
      #expect(inside == (isWhole ? 2 : file.contains("-archive.") ? 6 : 5), "\(file)")
      if isWhole {
        let sum = try BuiltTree.run("sha256sum", BuiltTree.library).prefix(64)
        #expect(text.contains(sum))
      }
      guard Python.canImport("spdx_tools.spdx") else { continue }
      let check = """
        import sys
        from spdx_tools.spdx.parser.parse_anything import parse_file
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
        faults = validate_full_spdx_document(parse_file(sys.argv[1]), "SPDX-2.3")
        print(faults)
        sys.exit(bool(faults))
        """
      let verdict = try Python.run(check, path)
      #expect(verdict.status == 0, "\(verdict.output)")
    }
  }
}
