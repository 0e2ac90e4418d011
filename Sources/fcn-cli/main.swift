import Glibc

exit(CommandLineTool.run(argumentCount: CommandLine.argc, CommandLine.unsafeArgv))
