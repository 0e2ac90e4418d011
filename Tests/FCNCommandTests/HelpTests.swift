import Foundation
import Testing

struct HelpTests {
  static let commands = [
    "segment", "train", "eval", "check-data", "convert", "prepare", "init", "import", "quantize",
    "export", "info", "bench", "check", "plot", "scenes", "version",
  ]

  @Test func theOverviewNamesEveryCommandAndExitStatus() throws {
    let overview = try Command.succeed("--help").text
    #expect(
      overview == """
        Semantic segmentation with fully convolutional networks.

        Usage: fcn COMMAND [OPTIONS] [FILES]

        Commands:
          segment                 Tell the class of every pixel of pictures.
          train                   Train a model on labelled pictures.
          eval                    Evaluate a model on labelled pictures.
          check-data              Look through pictures and labels for what is wrong or
                                  odd.
          convert                 Make a folder in VOC layout of what an annotation tool
                                  wrote.
          prepare                 Crop, resize and split a folder in VOC layout as the
                                  published system does.
          init                    Make a fresh model, or one that starts from another
                                  network's weights.
          import                  Make a model of weights from Caffe, Chainer or
                                  PyTorch, or of an ONNX network.
          quantize                Measure on pictures what a model needs to run with
                                  --precision int8.
          export                  Write a model as an ONNX file, which other systems
                                  run.
          info                    Tell what a model file holds; without a file, what
                                  this program runs on.
          bench                   Measure how fast a model runs here.
          check                   Check that this processor, or a CUDA device, computes
                                  what it should.
          plot                    Draw learning curves, or a sheet of results.
          scenes                  Draw street scenes with exact labels, as a folder in
                                  VOC layout.
          version                 Print the program's version.

        `fcn COMMAND --help` tells of a command's options. Options are spelled
        --name VALUE or --name=VALUE; after -- there are only files; - is standard
        input or output where that makes sense. `fcn man` writes manual pages, and
        `fcn completions` what shells complete words by.

        Exit status:
          0                       All was done.
          1                       The work failed: not enough memory, a loss that is not
                                  finite.
          2                       The command line is wrong: an unknown option, a value
                                  out of range.
          3                       A file or folder is missing, unreadable, damaged, of
                                  another kind, cannot be written, or holds what must
                                  not be overwritten.
          130, 143                Stopped by Ctrl-C (SIGINT) or SIGTERM, after tidying
                                  up.
          141                     Whoever read standard output stopped reading.

        """)
    #expect(try Command.succeed("help").text == overview)
    #expect(try Command.succeed("-h").text == overview)
    // Without any argument the overview is a complaint.
    let bare = try Command.run([])
    #expect(bare.status == 2)
    #expect(bare.output.isEmpty)
    #expect(bare.errors == overview)
  }

  @Test(arguments: commands)
  func everyCommandTellsOfItself(name: String) throws {
    let help = try Command.succeed(name, "--help").text
    #expect(help.contains("Usage: fcn \(name)"))
    #expect(help.contains("-h, --help"))
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(try Command.succeed("help", name).text == help)
    #expect(try Command.succeed(name, "-h").text == help)
  }

  @Test(arguments: commands)
  func noOptionIsListedTwice(name: String) throws {
    let help = try Command.succeed(name, "--help").text
    let names = help.split(separator: "\n").compactMap { line -> String? in
      // An option's line has two spaces before it, what tells of it many.
      guard line.hasPrefix("  -") else { return nil }
      return line.split(separator: " ").first { $0.hasPrefix("--") }.map(String.init)
    }
    #expect(names.contains("--help"))
    #expect(Set(names).count == names.count, "\(names)")
  }

  @Test func thePrepareCommandsHelpIsAsItIs() throws {
    #expect(
      try Command.succeed("prepare", "--help").text == """
        Crop, resize and split a folder in VOC layout as the published system does.

        Usage: fcn prepare DIR -o DIR [OPTIONS]

        Takes of each picture the largest centred square at one size, and four fifths
        of the pictures for the list train, the rest for val, both cut to whole
        minibatches: VOC2012's 2,913 pictures become 2,330 and 580.

        Options:
          -o, --output DIR        The folder to write; must be given.
          --split NAME            The list of pictures to take; by default all that have
                                  labels.
          --classes LIST          The classes' names in index order: a file with a name
                                  a line, or a,b,c. Also for data that has no list of
                                  its own.
          --binary-masks          The labels are masks of 0 and 255, or black and white:
                                  255 means class 1, and no pixel is ignored.
          --size N                Rows and columns of the prepared pictures; 224 by
                                  default.
          --train-batch N         The training count is cut to a multiple of this; 10 by
                                  default.
          --val-batch N           The test count is cut to a multiple of this; 5 by
                                  default.
          --seed N                What the shuffled order follows from; 0 by default.
          --in-order              Divide the list as it stands, without shuffling.
          --overwrite             Write even where the folder holds another set of
                                  pictures.
          --json                  Print one JSON object on standard output.
          -q, --quiet             Say nothing but warnings and errors.

        Help:
          -h, --help              Show this help.

        """)
  }

  @Test func theVersionIsTheHeaders() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let header = try String(
      contentsOf: root.appendingPathComponent("include/fcn.h"), encoding: .utf8)
    let text = try Command.succeed("version").text
    #expect(text == (try Command.succeed("--version").text))
    let lines = text.split(separator: "\n")
    let version = try #require(lines.first)
    #expect(version.hasPrefix("fcn "))
    #expect(header.contains("#define FCN_VERSION \"\(version.dropFirst(4))\""))
    // What a report of a fault needs.
    for (line, start) in zip(
      lines.dropFirst(), ["build", "system", "processor", "instruction set", "matrix library"])
    {
      #expect(line.hasPrefix("  \(start) "))
    }
    #expect(lines.count == 6)
    #expect(lines[1].contains("ABI 1, commit "))
    #expect(lines[5].contains("OpenBLAS"))
  }
}
