import FCNTestSupport
import Testing

@testable import FCNSwift

/// NVIDIA's own compiler on every kernel. It needs no device, but has to be installed.
struct DeviceCompilationTests {
  /// What `FCN_NVRTC` names the folder of, else that of the Python that is active. By its path, for
  /// the loader takes a bare name for the fake one once that is open.
  static let compiler: DeviceCompiler? = {
    let search = LibrarySearch(folder: environmentVariable("FCN_NVRTC"))
    return search.candidates(["libnvrtc.so.12", "libnvrtc.so.13"]).lazy
      .filter { $0.contains("/") && File.exists($0) }
      .compactMap { path in
        path.lastIndex(of: "/").flatMap { slash in
          try? DeviceCompiler(
            LibrarySearch(folder: String(path[..<slash]), looksElsewhere: false))
        }
      }.first
  }()

  private struct Program: Sendable {
    let file: DeviceSource
    let definitions: [String]
    let architecture: Int32

    var name: String { "\(file.rawValue).cu \(definitions) for \(architecture)" }
  }

  /// Every file with every definition that a session can want on a device of `architecture`.
  private static func programs(_ architecture: Int32) -> [Program] {
    let elements = architecture < 80 ? ["float", "half_t"] : ["float", "half_t", "bfloat_t"]
    func make(_ file: DeviceSource, _ definitions: [String]) -> Program {
      Program(file: file, definitions: definitions, architecture: architecture)
    }
    return [DeviceSource.loss, .optimizer, .reductions, .resizing].map { make($0, []) }
      + elements.flatMap { element -> [Program] in
        // Scores, and what is made of them, are float32 whatever the precision.
        let types = Set(
          [(element, element), (element, "float"), ("float", element)].map(Pair.init)
        )
        .map { ["INPUT=\($0.input)", "OUTPUT=\($0.output)"] }
        let matrixUnits = [false, true].filter { usesMatrixUnits in
          element == "float" ? !usesMatrixUnits || architecture >= 80 : usesMatrixUnits
        }
        let convolutions = matrixUnits.flatMap { usesMatrixUnits in
          DeviceTile.all(matrixUnits: usesMatrixUnits).map { tile in
            [
              "MATRIX_UNITS=\(usesMatrixUnits ? 1 : 0)", "TILE_ROWS=\(tile.rows)",
              "TILE_COLUMNS=\(tile.columns)",
            ]
          }
        }
        return [make(.packing, ["OUTPUT=\(element)"]), make(.preprocess, ["OUTPUT=\(element)"])]
          + [
            DeviceSource.axis_reductions, .normalization, .pooling, .shaping, .unpooling, .values,
          ].map { make($0, ["INPUT=\(element)", "OUTPUT=\(element)"]) }
          + types.map { make(.pointwise, $0) }
          + [DeviceSource.gradients, .batch_norm].map { make($0, ["INPUT=\(element)"]) }
          + (0..<6).map { make(.reductions, ["INPUT=\(element)", "MODE=\($0)"]) }
          + ["PARTIAL", "OUTPUT"].map { make(.reductions, ["\($0)=\(element)"]) }
          + matrixUnits.flatMap { usesMatrixUnits in
            [64, 128].map {
              make(
                .weight_gradient,
                ["INPUT=\(element)", "MATRIX_UNITS=\(usesMatrixUnits ? 1 : 0)", "TILE=\($0)"])
            }
          }
          + convolutions.suffix(1).map {
            make(.convolution, ["INPUT=\(element)", "OUTPUT=\(element)", "SPREAD=1"] + $0)
          }
          + types.filter { $0[0] == "INPUT=\(element)" }.flatMap { types in
            ["Plain", "Bilinear", "Cubic", "Channelwise", "Dense"].map {
              make(.scores, types + ["SOURCE=\($0)"])
            } + convolutions.map { make(.convolution, types + $0) }
          }
      }
  }

  private struct Pair: Hashable {
    let input, output: String
    init(_ types: (String, String)) { (input, output) = types }
  }

  @Test(
    .enabled(
      if: compiler != nil,
      """
      kernels for CUDA devices by NVIDIA's compiler: NVRTC was not found (pip install \
      nvidia-cuda-nvrtc-cu12 into the active Python, or name its folder in FCN_NVRTC)
      """),
    arguments: [70, 80, 90] as [Int32])
  func everyKernelCompiles(architecture: Int32) throws {
    let compiler = try #require(Self.compiler)
    guard compiler.architectures.contains(architecture) else {
      // Version 13 has no 7.0 any more.
      #expect(architecture < 80 && compiler.version.major > 12)
      return
    }
    let programs = Self.programs(architecture)
    #expect(Set(programs.map(\.file)) == Set(DeviceSource.allCases))
    for program in programs {
      do {
        let image = try compiler.compile(
          program.file.source, named: "\(program.file.rawValue).cu", headers: DeviceSource.headers,
          definitions: program.definitions, target: "sm_\(architecture)")
        // Machine code is an ELF file.
        #expect(image.starts(with: [0x7F, 0x45, 0x4C, 0x46]), "\(program.name)")
      } catch {
        Issue.record("\(program.name): \(error)")
      }
    }
  }
}
