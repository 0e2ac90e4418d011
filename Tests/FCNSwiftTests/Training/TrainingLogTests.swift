import FCNTestSupport
import Testing

@testable import FCNSwift

/// The log that a training appends to, as it is found when the training goes on.
struct TrainingLogTests {
  @Test(arguments: ["\n", "\r\n", "\r"]) func rowsAreKeptWhateverEndsThem(end: String) throws {
    let folder = try TemporaryFolder()
    let lines = ["epoch,loss", "1,0.5", "2,0.25", "3,0.125"]
    let path = try folder.write(Array((lines.joined(separator: end) + end).utf8), "log.csv")
    var log = try TrainingLog(path: path, header: "epoch,loss", keeping: 2)
    try log.append("3,0.0625")
    let text = String(decoding: try File.read(path), as: UTF8.self)
    #expect(text == "epoch,loss\n1,0.5\n2,0.25\n3,0.0625\n")
  }
}
