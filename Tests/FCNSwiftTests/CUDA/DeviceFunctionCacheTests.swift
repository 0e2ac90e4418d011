import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Compiled kernels that later processes find.
  struct DeviceFunctionCacheTests {
    private let fake: FakeCUDA
    private let folder: TemporaryFolder
    private let model: Model
    private let picture: Image

    init() throws {
      fake = try FakeDevice.fake()
      folder = try TemporaryFolder()
      model = try DeviceFixture.model(width: 0.02)
      picture = try DeviceFixture.picture(8, 7)
    }

    /// Labels from a process that keeps kernels in `path`, as far as a new runtime is one.
    @discardableResult
    private func labels(_ path: String? = nil) throws -> [UInt8] {
      let runtime = try FakeDevice.makeRuntime(kernelCache: path ?? folder.file("kernels"))
      let session = try FakeDevice.session(model, on: runtime)
      try session.run([picture])
      return try session.labelMap(0).labels
    }

    private func labelsWithoutCompiler() throws -> [UInt8] {
      try fake.with(.compilerFails, "1") { try labels() }
    }

    private func files() throws -> [String] {
      try File.names(inFolder: folder.file("kernels")).sorted().map { folder.file("kernels/\($0)") }
    }

    @Test func aLaterProcessCompilesNothing() throws {
      let wanted = try labels()
      let files = try files()
      #expect(files.count >= 4 && files.allSatisfy { $0.hasSuffix(".kernel") })
      #expect(try labelsWithoutCompiler() == wanted)
      #expect(try self.files() == files)
    }

    @Test func whatWasCompiledForAnotherMachineIsNotUsed() throws {
      let wanted = try labels()
      let count = try files().count
      for (setting, value) in [(FakeCUDA.Setting.architecture, "90"), (.driverVersion, "13000")] {
        try fake.with(setting, value) { () throws in
          expectError(.deviceFailure, saying: "FAKE_NVRTC_FAIL") {
            _ = try labelsWithoutCompiler()
          }
          #expect(try labels() == wanted)
          #expect(try labelsWithoutCompiler() == wanted)
        }
      }
      #expect(try files().count == 3 * count)
    }

    /// In each file in turn: another key of the same name, an end that is missing, a byte that is
    /// wrong, nothing at all. A driver would follow what such an image says beyond its end.
    @Test(arguments: ["key", "end", "byte", "all"])
    func aDamagedFileIsReplaced(what: String) throws {
      let wanted = try labels()
      for file in try files() {
        let whole = try File.read(file)
        var damaged = whole
        switch what {
        case "key": damaged[4] ^= 1
        case "end": damaged.removeLast(damaged.count / 3)
        case "byte": damaged[damaged.count * 2 / 3] ^= 1
        default: damaged = []
        }
        try File.write(damaged, to: file)
        expectError(.deviceFailure, saying: "FAKE_NVRTC_FAIL") { _ = try labelsWithoutCompiler() }
        #expect(try labels() == wanted)
        #expect(try File.read(file) == whole)
      }
      #expect(try labelsWithoutCompiler() == wanted)
    }

    @Test func aCacheThatCannotBeWrittenIsNoFailure() throws {
      let wanted = try labels()
      let file = try folder.write([1], "a file")
      for path in ["/proc/no/such/folder", file, "\(file)/folder"] {
        #expect(try labels(path) == wanted)
      }
      #expect(try File.read(file) == [1])
    }
  }

  /// Where libraries are looked for.
  struct LibrarySearchTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func search(_ own: String?, _ variables: [String: String]) -> LibrarySearch {
      var search = LibrarySearch(folder: own)
      search.environment = { variables[$0] }
      return search
    }

    @Test func placesAreTriedInOrder() throws {
      func wheel(_ prefix: String, _ name: String, _ packages: String = "site-packages") throws
        -> String
      {
        let lib = folder.file("\(prefix)/lib/python3.11/\(packages)/nvidia/\(name)/lib")
        try File.makeFolder(lib)
        return "\(lib)/liba.so"
      }
      let active = try wheel("venv", "cuda_nvrtc")
      let conda = try wheel("conda", "cuda_nvrtc")
      let beside = try wheel("python", "cu13", "dist-packages")
      let local = try wheel("python/local", "cuda_nvrtc", "dist-packages")
      let user = try wheel("home/.local", "cuda_nvrtc")
      let other = try wheel("elsewhere", "cuda_nvrtc")
      // The first folder of the PATH that has a python3.
      try File.makeFolder(folder.file("python/bin"))
      try File.makeFolder(folder.file("none"))
      let python = try folder.write(Array("#!/bin/sh\n".utf8), "python/bin/python3")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)

      let found = search(
        "/own",
        [
          "CUDA_HOME": "/home/cuda", "CUDA_PATH": "/path/cuda",
          "VIRTUAL_ENV": folder.file("venv"), "CONDA_PREFIX": folder.file("conda"),
          "PATH": "\(folder.file("none")):\(folder.file("python/bin")):/usr/bin",
          "HOME": folder.file("home"),
        ]
      ).candidates(["liba.so"])
      let expected =
        ["/own/liba.so", "liba.so"]
        + ["/home/cuda", "/path/cuda", "/usr/local/cuda"].flatMap {
          ["\($0)/lib64/liba.so", "\($0)/lib/liba.so", "\($0)/targets/x86_64-linux/lib/liba.so"]
        } + [active, conda, beside, local, user]
      #expect(found == expected)
      #expect(!found.contains(other))
    }

    @Test func oneNameAfterTheOtherInEachPlace() {
      let names = ["new.so", "old.so"]
      #expect(
        search("/own", [:]).candidates(names).prefix(6) == [
          "/own/new.so", "/own/old.so", "new.so", "old.so", "/usr/local/cuda/lib64/new.so",
          "/usr/local/cuda/lib64/old.so",
        ])
      var nowhereElse = LibrarySearch(folder: "/own")
      nowhereElse.looksElsewhere = false
      #expect(nowhereElse.candidates(names) == ["/own/new.so", "/own/old.so"])
      #expect(LibrarySearch(folder: nil, looksElsewhere: false).candidates(names) == [])
    }

    @Test func theCallersFolderComesFirst() throws {
      let fake = try FakeDevice.fake()
      let library = try SharedLibrary(
        LibrarySearch(folder: fake.folder).candidates(["libcuda.so.1"]), having: "cuInit")
      #expect(library.path == "\(fake.folder)/libcuda.so.1")
      expectError(.unavailable, saying: "libone.so or libtwo.so was not found") {
        _ = try SharedLibrary(
          search(folder.path, [:]).candidates(["libtwo.so", "libone.so"]), having: "x")
      }
    }
  }
}
