import FCNSwift
import Testing

/// Runs `body`, which must throw an `FCNError` of `kind` whose message holds each of `parts`.
public func expectError(
  _ kind: FCNError.Kind, saying parts: String..., at location: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing was thrown; wanted \(kind.rawValue)", sourceLocation: location)
  } catch let error as FCNError {
    #expect(error.kind == kind, "\(error.message)", sourceLocation: location)
    for part in parts {
      #expect(
        error.message.contains(part), "\(error.message) does not say \(part)",
        sourceLocation: location)
    }
  } catch {
    Issue.record(error, sourceLocation: location)
  }
}
