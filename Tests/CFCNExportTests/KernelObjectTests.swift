import FCNTestSupport
import Foundation
import Testing

/// The object files of the loops that are compiled for an instruction set.
struct KernelObjectTests {
  /// What such a module defines for others must carry its name: a weak symbol that another module
  /// defines too could be taken from here and run on a processor without the instructions.
  @Test(arguments: ["FCNKernelsAVX2", "FCNKernelsAVX512", "FCNKernelsAVX512VNNI"])
  func noSymbolIsOneThatAnotherModuleMayDefine(_ module: String) throws {
    let folder = "\(BuiltTree.root)/build/swift/release/\(module).build"
    #if arch(x86_64)
      let objects = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".o") }.map { "\(folder)/\($0)" }
      #expect(objects.count > 5)
      // Code: T is a function, W a weak one; tables of types run nowhere.
      let functions = try BuiltTree.run(["nm", "--defined-only", "--extern-only"] + objects)
        .matches(of: #/(?m)^[0-9a-f]+ [TWi] (.*)$/#).map { String($0.1) }
      #expect(functions.count > 5)
      let shared = functions.filter { !$0.contains(module) }
      #expect(shared.isEmpty, "\(shared)")
    #endif
  }
}
