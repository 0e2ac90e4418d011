import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// Programs that were built before go on working: their view of the binary interface is kept in ABI/ and
/// Headers/.
@Suite struct ABITests {
  private static let headers = "\(BuiltTree.root)/Tests/CFCNExportTests/Headers"
  private static var finds: Bool { (try? BuiltTree.run("abidiff", "--version")) != nil }

  /// What `scripts/check-abi` says of a header.
  private func verdict(_ header: String) throws -> String? {
    let folder = try TemporaryFolder()
    try header.write(toFile: folder.file("fcn.h"), atomically: true, encoding: .utf8)
    do {
      try BuiltTree.run(
        "\(BuiltTree.root)/scripts/check-abi", folder.file("fcn.h"), BuiltTree.library)
      return nil
    } catch { return "\(error)" }
  }

  @Test(.enabled(if: finds, "the binary interface: there is no abidiff (abigail-tools)"))
  func theInterfaceIsTheOneThatIsKept() throws {
    try BuiltTree.check()
    let header = try String(contentsOfFile: BuiltTree.header, encoding: .utf8)
    #expect(try verdict(header) == nil)

    let breaking: [(old: String, new: String, fault: String)] = [
      ("  float width;\n", "  double width;\n", "would break"),
      ("  int32_t device;\n", "  uint32_t device;\n", "would break"),
      ("  int32_t largest_batch;\n", "  int64_t more;\n  int32_t largest_batch;\n", "would break"),
      ("  float mean[3];\n", "  float mean[4];\n", "would break"),
      ("  float bias_rate;\n", "  float bias_rates;\n", "would break"),
      ("} fcn_pixels;", "  int64_t more;\n} fcn_pixels;", "would break"),
      ("const void *bytes, size_t size);", "const void *bytes, uint32_t size);", "would break"),
      ("int32_t fcn_backend_count(void);", "int64_t fcn_backend_count(void);", "would break"),
      ("int32_t fcn_backend_count(void);", "", "that are exported"),
      ("(*fcn_train_callback)(const", "(*fcn_train_callback)(int32_t more, const", "would break"),
      ("FCN_E_DEVICE = -14", "FCN_E_DEVICE = -15", "another value"),
      ("FCN_LARGEST_CLASS_COUNT 255", "FCN_LARGEST_CLASS_COUNT 254", "another value"),
      ("} fcn_import_info;", "  int32_t more;\n} fcn_import_info;", "into their padding"),
    ]
    for (old, new, fault) in breaking {
      let changed = header.replacingOccurrences(of: old, with: new)
      #expect(changed != header, "\(old)")
      let verdict = try verdict(changed)
      #expect(verdict?.contains(fault) == true, "\(old) became \(new): \(verdict ?? "nothing")")
    }
    for (old, new) in [
      ("} fcn_session_params;", "  int64_t more;\n} fcn_session_params;"),
      ("  FCN_E_DEVICE = -14\n", "  FCN_E_DEVICE = -14,\n  FCN_E_MORE = -15\n"),
    ] {
      #expect(try verdict(header.replacingOccurrences(of: old, with: new)) == nil, "\(new)")
    }
  }

  /// Of the days whose headers are kept, and today.
  @Test func programsOfEarlierHeadersRun() throws {
    try BuiltTree.check()
    let material = try Material()
    let days = try FileManager.default.contentsOfDirectory(atPath: Self.headers)
      .filter { $0.hasSuffix(".h") }.map { "\(Self.headers)/\($0)" }
    #expect(days.count >= 2)
    for (index, header) in (days.sorted() + [BuiltTree.header]).enumerated() {
      let folder = material.folder.file("day\(index)")
      try File.makeFolder(folder)
      try FileManager.default.copyItem(atPath: header, toPath: "\(folder)/fcn.h")
      for source in [
        "\(BuiltTree.programs)/earlier.c", "\(BuiltTree.root)/examples/c/segment.c",
        "\(BuiltTree.root)/examples/c/threads.c",
      ] {
        let name = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
        // The header beside the program comes before that of today.
        let copy = "\(folder)/\(name).c"
        try FileManager.default.copyItem(atPath: source, toPath: copy)
        try BuiltTree.run(
          "cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", copy, "-o",
          "\(folder)/\(name)", "-I\(folder)", "-I\(BuiltTree.programs)",
          "-L\(BuiltTree.root)/build/lib", "-lfcn", "-lpthread",
          "-Wl,-rpath,\(BuiltTree.root)/build/lib")
      }
      #expect(
        try BuiltTree.run("\(folder)/earlier", material.model, folder) == "all well\n", "\(header)")
      let shares = try BuiltTree.run(
        "\(folder)/segment", material.picture, "\(folder)/labels.png", "\(folder)/overlay.png",
        material.model)
      #expect(shares.contains("%"), "\(header)")
      let sizes = try BuiltTree.run("\(folder)/threads", material.model, "2", material.picture)
      #expect(sizes.contains("96 x 72"), "\(header)")
    }
  }
}
