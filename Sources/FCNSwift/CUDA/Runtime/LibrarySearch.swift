import Glibc

/// Where NVIDIA's libraries are looked for: the caller's folder, the system's loader, CUDA_HOME and
/// CUDA_PATH, `/usr/local/cuda`, and the `nvidia-*` wheels of the Python that is active.
struct LibrarySearch: Sendable {
  /// The caller's folder; nil for none.
  let folder: String?
  /// Whether other places than that folder are looked at; tests have it false.
  var looksElsewhere = true
  /// The environment's variables; tests have their own.
  var environment: @Sendable (String) -> String? = environmentVariable

  /// Every place to try for the first of `names`, best first, then for the next one.
  func candidates(_ names: [String]) -> [String] {
    let own = folder.map { folder in names.map { "\(folder)/\($0)" } } ?? []
    guard looksElsewhere else { return own }
    return own + names
      + (toolkitFolders + wheelFolders).flatMap { folder in names.map { "\(folder)/\($0)" } }
  }

  private var toolkitFolders: [String] {
    let roots = ["CUDA_HOME", "CUDA_PATH"].compactMap(environment) + ["/usr/local/cuda"]
    return roots.flatMap { ["\($0)/lib64", "\($0)/lib", "\($0)/targets/x86_64-linux/lib"] }
  }

  /// `…/site-packages/nvidia/*/lib` of the environment that is activated, else of the first `python3`
  /// on the PATH, and of the user's own packages.
  private var wheelFolders: [String] {
    var prefixes = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap(environment)
    let commands = environment("PATH")?.split(separator: ":") ?? []
    if let python = commands.first(where: { access("\($0)/python3", X_OK) == 0 }),
      let slash = python.lastIndex(of: "/")
    {
      prefixes.append(String(python[..<slash]))
      prefixes.append("\(python[..<slash])/local")
    }
    if let home = environment("HOME") { prefixes.append("\(home)/.local") }
    return prefixes.flatMap { prefix in
      names(in: "\(prefix)/lib").filter { $0.hasPrefix("python3") }.flatMap { python in
        ["site-packages", "dist-packages"].flatMap { packages in
          let nvidia = "\(prefix)/lib/\(python)/\(packages)/nvidia"
          return names(in: nvidia).map { "\(nvidia)/\($0)/lib" }
        }
      }
    }
  }

  private func names(in folder: String) -> [String] { (try? File.names(inFolder: folder)) ?? [] }
}

/// The value of an environment variable; nil where it is not set or empty.
func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
