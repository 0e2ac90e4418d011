import FCNTestSupport
import Foundation
import Testing

@Suite struct HeaderTests {
  @Test(arguments: [
    ["cc", "-x", "c", "-std=c99"], [BuiltTree.cPlusPlus, "-x", "c++", "-std=c++98"],
  ])
  func itCompilesAlone(compiler: [String]) throws {
    try BuiltTree.check()
    try BuiltTree.run(
      compiler + [
        "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", BuiltTree.header,
      ])
  }

  @Test func itIsTheOneInTheRepository() throws {
    #expect(
      try String(contentsOfFile: BuiltTree.header, encoding: .utf8)
        == String(contentsOfFile: "\(BuiltTree.root)/include/fcn.h", encoding: .utf8))
  }

  @Test func everyDeclarationHasAComment() throws {
    let declarations = try HeaderText().declarations
    #expect(declarations.count > 150)
    for declaration in declarations {
      #expect(declaration.isDocumented, "line \(declaration.line): \(declaration.text)")
    }
  }

  @Test func itsExampleIsTheProgramInExamples() throws {
    let program = try String(
      contentsOfFile: "\(BuiltTree.root)/examples/c/segment.c", encoding: .utf8)
    #expect(try HeaderText().example == program.trimmingCharacters(in: .newlines))
  }

  @Test func theLibraryExportsWhatItDeclares() throws {
    let declared = try HeaderText().functions
    #expect(declared.count > 40)
    #expect(Set(declared).count == declared.count)

    let script = try String(contentsOfFile: "\(BuiltTree.root)/libfcn.map", encoding: .utf8)
    let listed = script.matches(of: #/(?m)^\s*(fcn_\w+);/#).map { String($0.1) }
    #expect(declared == listed)

    // Whose package does not build where these differ.
    let debian = try String(
      contentsOfFile: "\(BuiltTree.root)/packaging/debian/libfcn1.symbols", encoding: .utf8)
    #expect(declared == debian.matches(of: #/(?m)^ (fcn_\w+)@FCN_1 /#).map { String($0.1) })

    let symbols = try BuiltTree.run(
      "nm", "-D", "--extern-only", "--defined-only", BuiltTree.library)
    let exported = symbols.split(separator: "\n").compactMap { line -> String? in
      let parts = line.split(separator: " ")
      // "A" marks the name of the version itself.
      return parts.count == 3 && parts[1] != "A" ? String(parts[2]) : nil
    }
    #expect(exported.sorted() == declared.map { "\($0)@@FCN_1" }.sorted())
  }

  @Test func theLibraryNeedsNoSwiftAndNoBLAS() throws {
    let needed = try BuiltTree.run("ldd", BuiltTree.library)
    #expect(needed.contains("libc.so"))
    for unwanted in ["swift", "blas", "Foundation", "dispatch", "icu", "not found"] {
      #expect(!needed.lowercased().contains(unwanted.lowercased()), "\(needed)")
    }
    let dynamic = try BuiltTree.run("readelf", "-d", BuiltTree.library)
    #expect(dynamic.contains("Library soname: [libfcn.so.1]"))
  }
}
