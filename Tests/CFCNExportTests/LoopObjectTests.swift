import FCNTestSupport
import Foundation
import Testing

#if arch(x86_64)
  /// The object files of the loops that are compiled for an instruction set. They are looked at, not
  /// run: so these tests tell of processors that the machine at hand is not.
  struct LoopObjectTests {
    /// A module and the products in a step of its micro-kernels: rows × registers of a row.
    struct Module: CustomTestStringConvertible {
      let name: String
      let products: Set<Int>
      var testDescription: String { name }

      /// Registers of eight floats, two a row.
      private static let ofHalfBlocks = Set([4, 5, 6].map { $0 * 2 })
      /// Registers of sixteen, one a row for each block of a panel; twelve rows of one block.
      private static let ofBlocks =
        Set((1...4).flatMap { blocks in [4, 5, 6].map { $0 * blocks } }).union([12])

      static let all = [
        Module(name: "FCNLoopsAVX2", products: ofHalfBlocks),
        Module(name: "FCNLoopsAVX512", products: ofBlocks),
        Module(name: "FCNLoopsAVX512VNNI", products: ofBlocks),
        Module(name: "FCNLoopsAVX512BF16", products: ofBlocks),
        Module(name: "FCNLoopsAMX", products: ofBlocks),
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
    /// floats and integers alike, as many as rows × registers, without a call or sums on the stack (an
    /// address or two may come from there).
    /// A type wider than a register compiles to scalar instructions on the stack, and a picture that
    /// takes a tenth of a second takes minutes.
    @Test(arguments: Module.all)
    func microKernelsMultiplyInRegisters(_ module: Module) throws {
      let loops = try ObjectCode(module: module.name).microKernels
      let wanted = module.products
      for loop in loops {
        #expect(wanted.contains(loop.productsPerStep), "\(loop.productsPerStep) products a step")
        #expect(
          max(loop.floatProducts, loop.integerProducts) == loop.productsPerStep * loop.steps
            && min(loop.floatProducts, loop.integerProducts) == 0)
        #expect(loop.calls == 0)
        #expect(loop.spilledVectors == 0, "in a loop of \(loop.instructions.count) instructions")
        #expect(loop.spilledScalars <= 2 * loop.steps)
      }
      for ofFloats in [true, false] {
        let found = Set(loops.filter { $0.isOfFloats == ofFloats }.map(\.productsPerStep))
        #expect(found == wanted, "\(ofFloats ? "floats" : "integers")")
      }
    }

    /// Products of pairs of floats of 16 bits are where there are instructions for them, and nowhere else: in
    /// micro-kernels, with those of the same sizes as of floats.
    @Test(arguments: Module.all)
    func pairsOfFloatsAreMultipliedInRegisters(_ module: Module) throws {
      let loops = try ObjectCode(module: module.name).microKernels.filter { $0.pairProducts > 0 }
      let found = Set(loops.map(\.productsPerStep))
      let hasThem = ["FCNLoopsAVX512BF16", "FCNLoopsAMX"].contains(module.name)
      #expect(found == (hasThem ? module.products : []))
      for loop in loops { #expect(loop.pairProducts == loop.floatProducts) }
    }

    /// Products of tiles are in the module for AMX alone, in loops that call nothing and in which nothing but
    /// tiles is loaded beside addresses.
    @Test func tilesAreMultipliedInLoops() throws {
      func hasTiles(_ loop: [ObjectCode.Instruction]) -> Bool {
        loop.contains { $0.name.hasPrefix("tdp") }
      }
      for module in Module.all where module.name != "FCNLoopsAMX" {
        #expect(!(try ObjectCode(module: module.name)).functions.contains(where: hasTiles))
      }
      let loops = try ObjectCode(module: "FCNLoopsAMX").innermostLoops.filter(hasTiles)
      var found: Set<String> = []
      for loop in loops {
        // Of sixteen rows two products need three tiles, of thirty-two four need four.
        let names = loop.map { String($0.name) }
        let kinds = Set(names.filter { $0.hasPrefix("tdp") })
        #expect(kinds.count == 1, "bytes and floats in a loop")
        found.formUnion(kinds)
        let products = names.count { kinds.contains($0) }
        #expect(products % 2 == 0)
        #expect(2 * loop.count { $0.name == "tileloadd" } <= 3 * products)
        #expect(!loop.contains { $0.name.hasPrefix("call") || $0.name.hasPrefix("tilestore") })
        #expect(!loop.contains { $0.usesVectors && !$0.operands.contains("%tmm") })
      }
      #expect(found == ["tdpbusd", "tdpbf16ps"])
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
