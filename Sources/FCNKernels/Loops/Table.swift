import FCNKernelTypes

/// The loops of this module's instruction set.
public func kernelTable() -> KernelTable {
  KernelTable(
    name: tableName, panelBlocks: panelBlocks,
    prepare: { job, rows, blocks, capacity, a, scratch in
      switch job.pointee.algorithm {
      case .winograd4:
        transformTiles(
          job, patch: 6, rows: rows, blocks: blocks, capacity: capacity, a, scratch, transformSix)
      case .winograd6, .winograd2of7:
        transformTiles(
          job, patch: 8, rows: rows, blocks: blocks, capacity: capacity, a, scratch,
          transformEight)
      case .winograd8:
        transformTiles(
          job, patch: 10, rows: rows, blocks: blocks, capacity: capacity, a, scratch, transformTen)
      case .unfolded: unfold(job, rows: rows, capacity: capacity, a)
      case .planar: unfoldPlanar(job, rows: rows, capacity: capacity, a)
      case .pointwise: break
      }
    },
    multiply: { job, positions, block, width, a, capacity, rows, m in
      multiply(
        job, positions: positions, block: block, panelBlocks: width, a, capacity: capacity,
        rows: rows, into: m)
    },
    multiplyKernels: { job, block, width, count, a, capacity, rows, m, scratch in
      multiplyKernels(
        job, block: block, panelBlocks: width, count: count, a, capacity: capacity, rows: rows,
        into: m, scratch)
    },
    finish: { job, rows, block, width, m, scratch in
      switch job.pointee.algorithm {
      case .winograd4:
        transformTilesBack(
          job, patch: 6, tile: 4, rows: rows, block: block, panelBlocks: width, m, scratch,
          transformSixToFour)
      case .winograd6:
        transformTilesBack(
          job, patch: 8, tile: 6, rows: rows, block: block, panelBlocks: width, m, scratch,
          transformEightToSix)
      case .winograd8:
        transformTilesBack(
          job, patch: 10, tile: 8, rows: rows, block: block, panelBlocks: width, m, scratch,
          transformTenToEight)
      case .winograd2of7:
        transformTilesBack(
          job, patch: 8, tile: 2, rows: rows, block: block, panelBlocks: width, m, scratch,
          transformEightToTwo)
      case .unfolded, .planar, .pointwise:
        storePixels(job, rows: rows, block: block, panelBlocks: width, m)
      }
    },
    pack: { job, weight, block, width, panel in
      pack(job, weight, block: block, panelBlocks: width, into: panel)
    },
    prepareGradient: { job, gradient, rows, block, capacity, w, scratch in
      prepareGradient(job, gradient, rows: rows, block: block, capacity: capacity, w, scratch)
    },
    multiplyGradient: { job, position, block, a, w, capacity, rows, u, adding in
      multiplyGradient(
        job, position: position, inputBlock: block, a, w, capacity: capacity, rows: rows, into: u,
        adding: adding)
    },
    finishGradient: { job, block, u, positionStride, gradient, scratch in
      finishGradient(
        job, inputBlock: block, u, positionStride: positionStride, to: gradient, scratch)
    })
}
