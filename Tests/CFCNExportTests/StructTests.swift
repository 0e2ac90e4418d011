import FCNTestSupport
import Foundation
import Testing

/// The structs of the header as a C compiler lays them out, and as the Python module restates them.
@Suite struct StructTests {
  /// What the Python module has no use for.
  private static let notInPython: Set = ["fcn_allocator", "fcn_backend_info"]

  @Test func thePythonModuleHasTheStructsOfTheHeader() throws {
    let header = try String(contentsOfFile: BuiltTree.header, encoding: .utf8)
    let inC = try layout(of: header)
    #expect(inC.count > 100)
    let differences = Set(inC).symmetricDifference(try layoutInPython())
    #expect(differences.isEmpty, "\(differences.sorted())")
  }

  /// The comparison sees what it is for: a field at the end, one of another type or name.
  @Test func aFieldThatOnlyTheHeaderHasIsSeen() throws {
    let header = try String(contentsOfFile: BuiltTree.header, encoding: .utf8)
    let inPython = try layoutInPython()
    for (old, new, line) in [
      (
        "  const char *graph;\n", "  const char *graph;\n  /** New. */\n  int64_t added;\n",
        "fcn_trainer_params.added"
      ),
      ("  float weight_decay;\n", "  int32_t weight_decay;\n", "fcn_trainer_params.weight_decay"),
      ("  float bias_rate;\n", "  float bias_rates;\n", "fcn_trainer_params.bias_rates"),
      ("  float fraction;\n", "  double fraction;\n", "fcn_segment_progress.fraction"),
    ] {
      let changed = header.replacingOccurrences(of: old, with: new)
      #expect(changed != header)
      let lines = Set(try layout(of: changed)).subtracting(inPython)
      #expect(lines.contains { $0.hasPrefix("\(line) ") }, "\(line): \(lines)")
    }
  }

  /// A line for each struct and each field: its type, where it stands, its size.
  private func layout(of header: String) throws -> [String] {
    let folder = try TemporaryFolder()
    let structs = HeaderText(text: header).structs.filter { !Self.notInPython.contains($0.key) }
    var body = ""
    for (name, fields) in structs.sorted(by: { $0.key < $1.key }) {
      body += "  printf(\"\(name) %zu\\n\", sizeof(\(name)));\n"
      for field in fields {
        let place = "offsetof(\(name), \(field.name)), sizeof(((\(name) *)0)->\(field.name))"
        body += "  printf(\"\(name).\(field.name) \(code(field)) %zu %zu\\n\", \(place));\n"
      }
    }
    try header.write(toFile: folder.file("fcn.h"), atomically: true, encoding: .utf8)
    try """
    #include "fcn.h"
    #include <stdio.h>
    #include <stddef.h>
    int main(void) {
    \(body)  return 0;
    }
    """.write(toFile: folder.file("layout.c"), atomically: true, encoding: .utf8)
    try BuiltTree.run("cc", "-std=c99", folder.file("layout.c"), "-o", folder.file("layout"))
    return try BuiltTree.run(folder.file("layout")).split(separator: "\n").map(String.init)
  }

  /// The type of a field, by the code that ctypes has for it; all pointers to structs and void are `P`,
  /// those to functions `F`.
  private func code(_ field: HeaderText.Field) -> String {
    if field.type.hasSuffix("_callback") { return "F" }
    let codes = [
      "int32_t": "i", "uint32_t": "I", "int64_t": "l", "uint64_t": "L", "size_t": "L", "float": "f",
      "double": "d", "const char *": "z", "const char *const *": "*z", "const uint8_t *": "*B",
      "const float *": "*f",
    ]
    let code = codes[field.type] ?? (field.type.hasSuffix("*") ? "P" : "?\(field.type)")
    return code + (field.count.map { "[\($0)]" } ?? "")
  }

  private func layoutInPython() throws -> [String] {
    try BuiltTree.check()
    let script = """
      import ctypes, re, sys
      sys.path.insert(0, sys.argv[1])
      sys.dont_write_bytecode = True
      import _native
      def code(kind):
          if issubclass(kind, ctypes.Array):
              return f"{code(kind._type_)}[{kind._length_}]"
          if issubclass(kind, ctypes._Pointer):
              structure = issubclass(kind._type_, ctypes.Structure)
              return "P" if structure else "*" + code(kind._type_)
          if issubclass(kind, ctypes._CFuncPtr):
              return "F"
          return kind._type_
      found = {}
      for name, kind in vars(_native).items():
          if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and hasattr(kind, "_fields_"):
              words = re.findall("[A-Z][a-z]*", name.removesuffix("Struct"))
              found["fcn_" + "_".join(words).lower()] = kind
      for name, kind in sorted(found.items()):
          print(name, ctypes.sizeof(kind))
          for field, type_ in kind._fields_:
              place = getattr(kind, field)
              print(f"{name}.{field}", code(type_), place.offset, place.size)
      """
    return try BuiltTree.run(
      "python3", "-c", script, "\(BuiltTree.root)/python/fcnswift"
    ).split(separator: "\n").map(String.init)
  }
}
