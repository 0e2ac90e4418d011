import FCNTestSupport
import Foundation
import Testing

#if arch(x86_64)
  /// The object files of the loops that are compiled for an instruction set. They are looked at, not
  /// run: so these tests tell of processors that the machine at hand is not.
  struct LoopObjectTests {
    /// A module and how many registers the sums of a row take, with each width of panels.
    struct Module: CustomTestStringConvertible {
      let name: String
      let registers: Set<Int>
      var testDescription: String { name }

      static let all = [
        Module(name: "FCNLoopsAVX2", registers: [2]),
        Module(name: "FCNLoopsAVX512", registers: [1, 4]),
        Module(name: "FCNLoopsAVX512VNNI", registers: [1, 4]),
      ]
    }

    /// What such a module defines for others must carry its name: a weak symbol that another module
    /// defines too could be taken from here and run on a processor without the instructions.
    @Test(arguments: Module.all)
    func noSymbolIsOneThatAnotherModuleMayDefine(_ module: Module) throws {
      let objects = try ObjectCode.objects(of: module.name)
      #expect(objects.count > 5)
      // Code: T is a function, W a weak one; tables of types run nowhere.
      let functions = try BuiltTree.run(["nm", "--defined-only", "--extern-only"] + objects)
        .matches(of: #/(?m)^[0-9a-f]+ [TWi] (.*)$/#).map { String($0.1) }
      #expect(functions.count > 5)
      let shared = functions.filter { !$0.contains(module.name) }
      #expect(shared.isEmpty, "\(shared)")
    }

    /// A step of a micro-kernel is nothing but products in registers: for each number of rows, and of
    /// floats and integers alike, as many as rows × registers, without a call or traffic with the stack.
    /// A type wider than a register compiles to scalar instructions on the stack, and a picture that
    /// takes a tenth of a second takes minutes.
    @Test(arguments: Module.all)
    func microKernelsMultiplyInRegisters(_ module: Module) throws {
      let loops = try ObjectCode(module: module.name).microKernels
      let wanted = Set(module.registers.flatMap { registers in [4, 5, 6].map { $0 * registers } })
      for loop in loops {
        #expect(wanted.contains(loop.productsPerStep), "\(loop.productsPerStep) products a step")
        #expect(
          max(loop.floatProducts, loop.integerProducts) == loop.productsPerStep * loop.steps
            && min(loop.floatProducts, loop.integerProducts) == 0)
        #expect(loop.calls == 0)
        #expect(loop.spilledVectors == 0, "in a loop of \(loop.instructions.count) instructions")
        #expect(loop.spilledScalars <= loop.steps)
      }
      for ofFloats in [true, false] {
        let found = Set(loops.filter { $0.isOfFloats == ofFloats }.map(\.productsPerStep))
        #expect(found == wanted, "\(ofFloats ? "floats" : "integers")")
      }
    }

    /// Nowhere in such a module are floats multiplied one by one.
    @Test(arguments: Module.all)
    func noFloatsAreMultipliedOneByOne(_ module: Module) throws {
      let code = try ObjectCode(module: module.name)
      let all = code.functions.joined()
      #expect(all.count > 1000)
      #expect(all.count { $0.isScalarFMA } == 0)
    }

    /// For any processor: registers of four floats, too few for six rows of sixteen, but vectors.
    @Test
    func portableMicroKernelsMultiplyVectors() throws {
      let loops = try ObjectCode(module: "FCNLoops").microKernels
      #expect(!loops.isEmpty)
      for loop in loops {
        #expect([16, 20, 24].contains(loop.productsPerStep))
        #expect(loop.calls == 0)
      }
    }
  }
#endif
