import FCNLoopTypes

/// The loops of this module's instruction set.
public func loopTable() -> LoopTable {
  LoopTable(
    name: tableName, panelBlocks: panelBlocks, integerSpeed: integerSpeed,
    multipliesBytes: multipliesBytes, multipliesTiles: multipliesTiles,
    multipliesBFloats: multipliesBFloats,
    prepare: { job, rows, blocks, capacity, place, a, scratch in
      switch job.pointee.precision {
      case .float32:
        let rowStride = job.pointee.algorithm == .planar ? 1 : channelBlock
        prepare(job, rows: rows, blocks: blocks, capacity: capacity, a + place * rowStride, scratch)
      case .int16:
        prepareIntegers(job, rows: rows, capacity: capacity, place: place, a, scratch)
      case .int8:
        prepareBytes(
          job, rows: rows, blocks: blocks, capacity: capacity, place: place, a, scratch)
      case .bfloat16 where multipliesBFloats:
        prepareBFloats(
          job, rows: rows, blocks: blocks, capacity: capacity, place: place, a, scratch)
      case .bfloat16: break
      }
    },
    multiply: { job, positions, block, width, a, capacity, rows, m in
      switch job.pointee.precision {
      case .float32:
        multiply(
          job, positions: positions, block: block, panelBlocks: width, a, capacity: capacity,
          rows: rows, into: m)
      case .int8 where job.pointee.multipliesBytes:
        multiplyBytes(
          job, block: block, panelBlocks: width, UnsafeRawPointer(a), capacity: capacity,
          rows: rows,
          into: m)
      case .int16, .int8:
        multiplyIntegers(
          job, positions: positions, block: block, panelBlocks: width, a, capacity: capacity,
          rows: rows, into: m)
      case .bfloat16 where multipliesBFloats:
        multiplyBFloats(
          job, positions: positions, block: block, panelBlocks: width, a, capacity: capacity,
          rows: rows, into: m)
      case .bfloat16: break
      }
    },
    multiplyKernels: { job, block, width, a, capacity, rows, m, scratch in
      switch job.pointee.precision {
      case .float32:
        multiplyKernels(
          job, block: block, panelBlocks: width, a, capacity: capacity, rows: rows, into: m,
          scratch)
      case .int16, .int8:
        multiplyIntegerKernels(
          job, block: block, panelBlocks: width, a, capacity: capacity, rows: rows, into: m,
          scratch)
      case .bfloat16 where multipliesBFloats:
        multiplyBFloatKernels(
          job, block: block, panelBlocks: width, a, capacity: capacity, rows: rows, into: m,
          scratch)
      case .bfloat16: break
      }
    },
    finish: { job, rows, block, width, m, scratch in
      switch job.pointee.algorithm {
      case .winograd4:
        if transformFoursBack(job, rows: rows, block: block, panelBlocks: width, m, scratch) {
          break
        }
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
      case .shifted: break
      case .unfolded, .planar, .pointwise:
        let hasBytes = job.pointee.outputBytes != nil || job.pointee.residualBytes != nil
        (hasBytes ? storeBytePixels : storePixels)(job, rows, block, width, m)
      }
    },
    prepareGrid: { job, picture, lines, isLast, a in
      let makesFloats = job.pointee.precision == .bfloat16
      (makesFloats ? prepareFloatGrid : prepareGrid)(job, picture, lines, isLast, a)
    },
    multiplyGrid: { job, picture, lines, block, a, scratch in
      multiplyGrid(job, picture: picture, lines: lines, block: block, a, scratch)
    },
    pack: { job, weight, block, width, weights in
      switch job.pointee.precision {
      case .float32: pack(job, weight, block: block, panelBlocks: width, into: weights)
      case .int8 where job.pointee.algorithm == .shifted:
        packTiles(job, weight, block: block, panelBlocks: width, into: weights)
      case .int8 where job.pointee.multipliesBytes:
        packBytes(job, weight, block: block, panelBlocks: width, into: weights)
      case .int16, .int8: packIntegers(job, weight, block: block, panelBlocks: width, into: weights)
      case .bfloat16 where job.pointee.keepsKernels:
        pack(job, weight, block: block, panelBlocks: width, into: weights)
      case .bfloat16 where multipliesBFloats && job.pointee.algorithm.isWinograd:
        packBFloats(job, weight, block: block, panelBlocks: width, into: weights)
      case .bfloat16: packFloatTiles(job, weight, block: block, panelBlocks: width, into: weights)
      }
    },
    prepareGradient: { job, gradient, rows, block, capacity, w, scratch in
      if multipliesBFloats, job.pointee.precision == .bfloat16 {
        prepareBFloatGradient(
          job, gradient, rows: rows, block: block, capacity: capacity, w, scratch)
      } else {
        prepareGradient(job, gradient, rows: rows, block: block, capacity: capacity, w, scratch)
      }
    },
    multiplyGradient: { job, position, block, a, w, capacity, rows, u, adding in
      multiplyGradient(
        job, position: position, inputBlock: block, a, w, capacity: capacity, rows: rows, into: u,
        adding: adding)
    },
    finishGradient: { job, block, u, positionStride, gradient, scratch in
      finishGradient(
        job, inputBlock: block, u, positionStride: positionStride, to: gradient, scratch)
    },
    convolveDepthwise: { job, lines in convolveDepthwise(job, lines: lines) },
    sumTaps: { job, weights, start in sumTaps(job, weights, from: start) },
    multiplyTaps: { job, sums in multiplyTaps(job, into: sums) },
    multiplyPixels: { job, block, width, a, capacity, pixels, m in
      if job.pointee.multipliesBytes {
        multiplyBytePixels(
          job, block: block, panelBlocks: width, UnsafeRawPointer(a), capacity: capacity,
          pixels: pixels, m)
      } else {
        multiplyPixels(
          job, block: block, panelBlocks: width, a, capacity: capacity, pixels: pixels, m)
      }
    },
    multiplyTerms: { job, block, width, terms, a, capacity, rows, m, adding in
      if job.pointee.multipliesBytes {
        multiplyByteTerms(
          job, block: block, panelBlocks: width, terms: terms, UnsafeRawPointer(a),
          capacity: capacity, rows: rows, into: m, adding: adding)
      } else {
        multiplyTerms(
          job, block: block, panelBlocks: width, terms: terms, a, capacity: capacity, rows: rows,
          into: m, adding: adding)
      }
    },
    combine: { sources, factors, terms, target, count in
      combine(sources, factors, terms, to: target, count)
    },
    prepareStrassen: { source, blockStride, blocks, rows, factors, target in
      prepareStrassen(
        source, blockStride: blockStride, blocks: blocks, rows: rows, factors, to: target)
    },
    finishStrassen: { m, stride, rows, columns, scales, otherScales in
      finishStrassen(m, stride: stride, rows: rows, columns: columns, scales, otherScales)
    },
    activate: { source, target, count, activation in
      activate(source, to: target, count, activation)
    },
    exponentiate: { scores, count, factor in exponentiate(scores, count, factor) },
    softmax: { scores, probabilities, count, channels, stride in
      softmax(scores, to: probabilities, count: count, channels: channels, stride: stride)
    },
    rank: { above, below, lineStride, classes, down, count, labels in
      rank(
        above, below, lineStride: lineStride, classes: classes, down, count: count, labels)
    },
    rankProducts: { products, stride, rows, columns, bias, label, best, labels, bestStride in
      rankProducts(
        products, stride: stride, rows: rows, columns: columns, bias, label, best, labels,
        bestStride: bestStride)
    })
}
