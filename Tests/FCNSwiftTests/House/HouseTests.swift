import Foundation
import Testing

/// The house's walls: a folder of the engine knows those below it and no others.
struct HouseTests {
  /// From the ground up; docs/design.md says what each is.
  private static let storeys = [
    "Support", "Tensor", "Formats", "Imaging", "Metrics", "Reports", "Network", "Architectures",
    "Weights",
    "Weights/Foreign", "Weights/ONNXImport", "Weights/Import", "Weights/ONNX", "Plan", "CPU",
    "CUDA/Runtime",
    "CUDA/Forms", "CUDA/Libraries", "CUDA/Training", "CUDA", "Data", "Data/Scenes",
    "Data/Conversion", "Session", "Tiles",
    "Training", "Check",
  ]

  /// A mention of what another folder declares.
  private struct Arrow: Hashable {
    let file, name, from, to: String
  }

  private static func arrows(_ files: [SourceFile]) -> Set<Arrow> {
    var homes: [String: String] = [:]
    for file in files {
      for name in file.declared { homes[name] = file.folder }
    }
    var arrows: Set<Arrow> = []
    for file in files {
      for name in file.mentioned.subtracting(file.nested) {
        guard let home = homes[name], home != file.folder else { continue }
        arrows.insert(
          Arrow(file: "\(file.folder)/\(file.name)", name: name, from: file.folder, to: home))
      }
    }
    return arrows
  }

  private static func engine() throws -> [SourceFile] {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/FCNSwift").standardizedFileURL
    let paths = try #require(FileManager.default.enumerator(atPath: root.path))
    return try paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { path in
      SourceFile(
        path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }
  }

  /// A line for every folder: how many names of each other folder it mentions.
  private static func table(_ arrows: Set<Arrow>) -> String {
    storeys.map { storey in
      let counts = storeys.compactMap { other -> String? in
        let names = Set(arrows.filter { $0.from == storey && $0.to == other }.map(\.name))
        return names.isEmpty ? nil : "\(other) \(names.count)"
      }
      return "\(storey): \(counts.joined(separator: ", "))"
    }.joined(separator: "\n")
  }

  @Test func aFolderKnowsOnlyThoseBelowIt() throws {
    let files = try Self.engine()
    #expect(files.count > 200)
    #expect(Set(files.map(\.folder)) == Set(Self.storeys))
    let arrows = Self.arrows(files)
    print(Self.table(arrows))
    let heights = Dictionary(uniqueKeysWithValues: zip(Self.storeys, 0...))
    for arrow in arrows {
      #expect(
        heights[arrow.from, default: 0] > heights[arrow.to, default: 0],
        "\(arrow.file) mentions \(arrow.name), which \(arrow.to), a storey above, declares")
    }
  }

  @Test func mentionsAreFoundInCodeAlone() {
    let files = [
      SourceFile(
        path: "A/Low.swift",
        text: """
          // Of High nothing is known.
          public struct Low { let text = "High \\(Higher.self)"; let high = x.High }
          private enum Hidden {}
          func lowest() {}
          """),
      SourceFile(
        path: "B/High.swift",
        text: "final class High { enum Low {}; let low: Low }\nstruct Higher {}\nstruct Hidden {}"),
      SourceFile(path: "B/Other.swift", text: "/* lowest */ let a = Low(), b: Hidden"),
    ]
    #expect(files[0].declared == ["Low", "lowest"])
    #expect(files[1].nested == ["Low"])
    #expect(
      Self.arrows(files) == [
        Arrow(file: "A/Low.swift", name: "Higher", from: "A", to: "B"),
        Arrow(file: "B/Other.swift", name: "Low", from: "B", to: "A"),
      ])
  }
}
