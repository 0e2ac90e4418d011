@testable import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// Annotations that no tool wrote: refused with the file's name, without a trap or large memory.
struct HostileAnnotationTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(try Image(width: 8, height: 6).encodedPNG(), to: "in/a.png")
  }

  private func report(
    _ source: Conversion.Source, _ text: String, _ name: String = "a.json"
  ) throws -> ConversionReport {
    try folder.write(text, to: "in/\(name)")
    return try Conversion(source, inputs: [folder.file("in")]).survey().report
  }

  static let shapes = [
    #"[{"label":"x","points":[[1,2],[3,NaN],[4,5]],"shape_type":"polygon"}]"#,
    #"[{"label":"x","points":[[1,2],[3,1e300],[4,5]],"shape_type":"polygon"}]"#,
    #"[{"label":"x","points":[[1,2],[3],[4,5]],"shape_type":"polygon"}]"#,
    #"[{"label":"x","points":[[1,2],["3",4],[4,5]],"shape_type":"polygon"}]"#,
    #"[{"label":"x","points":7,"shape_type":"polygon"}]"#,
    #"[{"points":[[1,2]],"shape_type":"polygon"}]"#,
    #"[{"label":7,"points":[[1,2]],"shape_type":"polygon"}]"#,
    #"[{"label":"x","points":[[1,2]],"shape_type":"rectangle"}]"#,
    #"[{"label":"x","points":[[1,2],[2,3],[3,4]],"shape_type":"circle"}]"#,
    #"[{"label":"x","points":[[1,2],[2,3]],"shape_type":"mask"}]"#,
    #"[{"label":"x","points":[[1,2],[2,3]],"shape_type":"mask","mask":"%%%"}]"#,
    #"[{"label":"x","points":[[1,2],[2,3]],"shape_type":"mask","mask":"aGVsbG8="}]"#,
    #"[{"label":"x","points":[[1,2],[2,3]],"shape_type":"spiral"}]"#,
    #"[7]"#,
    #"{}"#,
    String(repeating: "[", count: 100_000),
  ]

  @Test(arguments: shapes)
  func shapesOfLabelmeThatAreNoneAreToldByTheirFile(shapes: String) throws {
    let report = try report(
      .labelme, #"{"imagePath":"a.png","imageData":null,"shapes":\#(shapes)}"#)
    let error = report.errors(leavingOutFaulty: false).first { $0.kind == .unreadable }
    #expect(error?.text.contains("in/a.json") == true, "\(report.findings)")
    #expect(report.pictureCount == 0)
  }

  @Test(arguments: [
    #""imageWidth":2147483648,"imageHeight":2147483648"#, #""imageWidth":1e15,"imageHeight":1"#,
    #""imageWidth":-8,"imageHeight":6"#, #""imageWidth":0,"imageHeight":0"#,
    #""imageWidth":6,"imageHeight":8"#, #""imageWidth":16000,"imageHeight":16000"#,
  ])
  func sizesThatAreNotThePicturesAreRefused(sizes: String) throws {
    let report = try report(.labelme, #"{"imagePath":"a.png",\#(sizes),"shapes":[]}"#)
    #expect(report.pictureCount == 0)
    #expect(
      report.errors(leavingOutFaulty: false).contains {
        [.sizesDiffer, .unreadable].contains($0.kind) && $0.text.contains("in/a.json")
      })
  }

  @Test func aPictureIsNotTakenFromAnywhere() throws {
    try folder.write(try Image(width: 8, height: 6).encodedPNG(), to: "secret.png")
    for path in [folder.file("secret.png"), "gone.png", "a.png\\u0000", "", "/etc/passwd"] {
      let report = try report(.labelme, #"{"imagePath":"\#(path)","shapes":[]}"#)
      #expect(report.errors(leavingOutFaulty: false).contains { $0.kind == .missingPicture })
    }
    // But labelme's own way out of the annotation's folder leads where it should.
    #expect(try report(.labelme, #"{"imagePath":"..\\secret.png","shapes":[]}"#).pictureCount == 1)
  }

  static let images = #""images":[{"id":1,"file_name":"a.png","width":8,"height":6}]"#
  static let categories = #""categories":[{"id":1,"name":"x"}]"#

  @Test(arguments: [
    #"{"counts":[48],"size":[8,6]}"#, #"{"counts":[49],"size":[6,8]}"#,
    #"{"counts":[-1,49],"size":[6,8]}"#, #"{"counts":[1e300],"size":[6,8]}"#,
    #"{"counts":[9223372036854775807,9223372036854775807],"size":[6,8]}"#,
    #"{"counts":"oooooooooooooooo","size":[6,8]}"#, #"{"counts":"","size":[6,8]}"#,
    #"{"counts":[4611686018427387904],"size":[2147483648,2147483648]}"#,
    #"{"counts":[48]}"#, #"{"counts":true,"size":[6,8]}"#, #"[[1,2,3,4,5]]"#,
    #"[[1,2,"3",4,5,6]]"#, #"[[1,2,1e300,4,5,6]]"#, #"[{"a":1}]"#,
  ])
  func regionsOfCOCOThatAreNoneAreToldByTheirFile(segmentation: String) throws {
    let report = try report(
      .coco,
      #"{\#(Self.images),\#(Self.categories),"annotations":[{"id":5,"image_id":1,"category_id":1,"#
        + #""segmentation":\#(segmentation)}]}"#)
    let error = report.errors(leavingOutFaulty: false).first { $0.kind == .unreadable }
    #expect(error?.text.contains("in/a.json") == true, "\(report.findings)")
    #expect(report.pictureCount == 0)
  }

  @Test func boxesAloneAndStrangersAreNotPassedOver() throws {
    let boxes = try report(
      .coco,
      #"{\#(Self.images),\#(Self.categories),"annotations":[{"id":5,"image_id":1,"category_id":1,"#
        + #""bbox":[1,2,3,4],"segmentation":[]}]}"#)
    #expect(boxes.errors(leavingOutFaulty: false).contains { $0.kind == .boxesAlone })
    let stranger = try report(
      .coco,
      #"{\#(Self.images),\#(Self.categories),"annotations":[{"image_id":1,"category_id":7,"#
        + #""segmentation":[[1,1,4,1,4,4]]},{"image_id":9,"category_id":1,"segmentation":[[1,1,4,1,4,4]]}]}"#
    )
    let told = stranger.errors(leavingOutFaulty: false).map(\.text).joined(separator: "\n")
    #expect(told.contains("category 7") && told.contains("image 9"), "\(told)")
  }

  @Test(arguments: [
    "{}", "[]", "7", "", "{\"images\":[7]}", #"{"images":[{"id":1}]}"#,
    #"{"images":[{"id":1,"file_name":"a"},{"id":1,"file_name":"b"}]}"#,
    #"{"images":[{"id":[],"file_name":"a"}]}"#, #"{"categories":[{"id":1}]}"#,
    #"{"annotations":[{"image_id":null}]}"#, #"{"images":\#(String(repeating: "[", count: 9999))"#,
    #"{"images":[{"id":1,"file_name":"a","width":2147483648,"height":2147483648}]}"#,
  ])
  func filesThatAreNotCOCOsAreNamed(text: String) throws {
    let error = errorOf { _ = try report(.coco, text) }
    #expect(error?.message.contains("in/a.json") == true)
  }

  @Test func anArchiveThatLiesIsRefused() throws {
    let archive = try File.read("\(ConversionTests.goldens)/cvat.zip")
    for cut in [archive.count / 2, archive.count - 30, 10] {
      let path = try folder.write(Array(archive.prefix(cut)), "cut.zip")
      #expect(errorOf { _ = try Conversion(.cvat, inputs: [path]).survey() }?.kind == .corrupt)
    }
    // Damage in what is packed is a fault of that picture alone.
    var damaged = archive
    let name = Array("SegmentationClass/day/0.png".utf8)
    let place = try #require(
      damaged.indices.first { damaged[$0...].starts(with: name) })
    for index in place + name.count + 100..<place + name.count + 120 { damaged[index] ^= 0x55 }
    let path = try folder.write(damaged, "damaged.zip")
    let report = try Conversion(.cvat, inputs: [path]).survey().report
    #expect(report.pictureCount == 1)
    #expect(
      report.errors(leavingOutFaulty: false).contains {
        $0.kind == .unreadable && $0.text.contains("day/0.png")
      })
  }

  @Test func colourlessListsAndNamesThatCannotStandAreRefused() throws {
    try folder.write("a\nb\n", to: "cvat/labelmap.txt")
    let error = errorOf { _ = try Conversion(.cvat, inputs: [folder.file("cvat")]).survey() }
    #expect(error?.message.contains("labelmap.txt: it has no colours") == true)
    for label in ["# x", "", " x", "a\\nb", "a:1,2,3::"] {
      let told = errorOf {
        _ = try report(
          .labelme,
          #"{"imagePath":"a.png","shapes":[{"label":"\#(label)","points":[[1,1],[2,1],[2,2]]}]}"#)
      }
      #expect(told?.kind == .corrupt, "\(label)")
    }
  }

  @Test func arraysAreHandedOnElementByElement() throws {
    func read(_ text: String) throws -> (rest: JSON, handed: [String]) {
      var handed: [String] = []
      let rest = try Array(text.utf8).withUnsafeBytes {
        try JSON(parsing: $0, handingOn: ["a", "b"]) { name, element in
          handed.append(name + element.compactText)
        }
      }
      return (rest, handed)
    }
    let found = try read(#"{"a":[1,[2]],"c":[3],"b":{"d":4},"e":null}"#)
    #expect(found.rest == ["c": [3], "b": ["d": 4], "e": nil])
    #expect(found.handed == ["a1", "a[2]"])
    for text in ["[1]", #"{"a":[1,]}"#, #"{"a":[1}"#, #"{"a":[],"a":[]}"#, #"{"a":[]}x"#, ""] {
      #expect(errorOf { _ = try read(text) }?.kind == .corrupt, "\(text)")
    }
    // More values than a whole text may have.
    let many = String(repeating: "[0,0,0],", count: JSON.largestValueCount / 3) + "0"
    #expect(try read("{\"a\":[\(many)]}").handed.count == JSON.largestValueCount / 3 + 1)
  }

  @Test func textHoldsBytes() throws {
    #expect(try Base64.decode("aGVsbG8=") == Array("hello".utf8))
    #expect(try Base64.decode("aGVs\nbG8") == Array("hello".utf8))
    #expect(try Base64.decode("+/8=") == [0xFB, 0xFF])
    for text in ["a-b_", "aG=Vs", "é"] {
      #expect(errorOf { _ = try Base64.decode(text) }?.kind == .corrupt)
    }
  }
}
