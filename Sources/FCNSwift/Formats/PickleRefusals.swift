/// Names that a pickle has no business with: modules and functions that reach the system, run code or
/// look something up to do so.
///
/// No name of a pickle is ever imported or called, so nothing here makes reading safe. A file that
/// asks for one of these was made to do harm, or is a program; its reader should hear of it.
enum PickleRefusals {
  /// Whether the global `name` of `module` is one of them.
  static func contains(_ module: String, _ name: String) -> Bool {
    let package = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let first = package.first, let last = path.last,
      !(package + path).contains(where: \.isEmpty)
    else { return true }
    if modules.contains(first) || functions.contains(last) { return true }
    // From protocol 4 on a name may lead through a module's own imports: torch's "serialization.os".
    if path.count > 1, path.contains(where: { modules.contains($0) }) { return true }
    return closed.contains { module == $0 || module.hasPrefix("\($0).") }
      || names.contains("\(module).\(name)")
  }

  private static let modules: Set<String> = [
    "builtins", "__builtin__", "os", "nt", "posix", "sys", "subprocess", "popen2", "commands",
    "shutil", "socket", "ssl", "ctypes", "_ctypes", "importlib", "imp", "runpy", "pty", "pdb",
    "bdb",
    "code", "codeop", "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal",
    "shelve", "operator", "_operator", "inspect", "gc", "signal", "threading", "_thread", "thread",
    "multiprocessing", "concurrent", "asyncio", "webbrowser", "urllib", "urllib2", "http",
    "httplib",
    "requests", "ftplib", "smtplib", "telnetlib", "xmlrpc", "xmlrpclib", "tempfile", "timeit",
    "profile", "cProfile", "trace", "doctest", "pydoc", "site", "zipimport", "pkgutil", "pip",
    "setuptools", "distutils", "platform", "fileinput", "linecache", "winreg", "_winreg", "msvcrt",
    "ensurepip", "venv", "atexit",
  ]

  private static let functions: Set<String> = [
    "system", "popen", "Popen", "eval", "exec", "execfile", "compile", "getattr", "setattr",
    "delattr", "__import__", "import_module", "open", "load", "loads", "run", "call", "check_call",
    "check_output", "attrgetter", "methodcaller", "run_module", "run_path", "_load_from_bytes",
  ]

  /// Modules whose harmless names are all on a list: what else they have makes tensors of kinds that
  /// are not read, or loads and runs things.
  private static let closed: Set<String> = [
    "torch._utils", "torch.storage", "torch.hub", "torch.jit", "torch.package",
    "torch.serialization", "torch.utils.cpp_extension", "numpy.f2py", "numpy.distutils",
    "numpy.testing",
  ]

  private static let names: Set<String> = [
    "collections.namedtuple", "types.CodeType", "types.FunctionType", "types.LambdaType",
    "types.MethodType", "functools.reduce",
  ]
}
