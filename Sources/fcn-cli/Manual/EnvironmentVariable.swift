import FCNSwift

/// An environment variable that the command heeds, as its manual page tells of it.
struct EnvironmentVariable {
  let name: String
  let help: String

  static let all = [
    EnvironmentVariable(
      name: DefaultModel.variable,
      help: "The default model's path, in place of that which was installed."),
    EnvironmentVariable(
      name: Capabilities.instructionSetVariable,
      help: "The instruction set whose loops run, one of those that `fcn check` lists; without it "
        + "the last of them."),
    EnvironmentVariable(
      name: CUDA.librariesVariable,
      help: "A folder where NVIDIA's libraries are looked for before all others."),
    EnvironmentVariable(
      name: CUDA.cacheVariable,
      help: "A folder in which kernels for CUDA devices are kept, once they are compiled."),
  ]
}
