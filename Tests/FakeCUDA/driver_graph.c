/* Graphs. */

#include "driver.h"

void destroy_graph(Graph *graph) {
  clear_operations(&graph->operations);
  forget_object(graph);
}

CUresult cuGraphInstantiateWithFlags(
    CUgraphExec *handle, CUgraph graph_handle, unsigned long long flags) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  unsigned long long known = CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH |
                             CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;
  if (!handle || flags & ~known) return leave(CUDA_ERROR_INVALID_VALUE);
  const Graph *graph = find_object(GRAPH, graph_handle, context);
  if (!graph) return leave(CUDA_ERROR_INVALID_VALUE);
  Graph *exec = make_object(GRAPH_EXEC, sizeof *exec, context);
  if (!exec) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  if (!copy_operations(&exec->operations, &graph->operations)) {
    forget_object(exec);
    return leave(CUDA_ERROR_OUT_OF_MEMORY);
  }
  *handle = (CUgraphExec)exec->object.handle;
  return leave(CUDA_SUCCESS);
}

/* What was right when it was captured may be gone by now, as a device would find out too. */
static CUresult launch(Context *context, CUstream stream, const Graph *exec) {
  for (const Operation *next = exec->operations.first; next; next = next->next) {
    if (check_operation(context, next)) {
      context->fatal = CUDA_ERROR_ILLEGAL_ADDRESS;
      return context->fatal;
    }
    CUresult result = submit(context, stream, next);
    if (result) return result;
  }
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec exec_handle, CUstream handle) {
  Context *context;
  Stream *stream;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  const Graph *exec = find_object(GRAPH_EXEC, exec_handle, context);
  if (!exec) return leave(CUDA_ERROR_INVALID_VALUE);
  result = find_stream(context, handle, &stream);
  if (result) return leave(result);
  return leave(launch(context, handle, exec));
}

static CUresult destroy(const char *call, Kind kind, const void *handle) {
  Context *context;
  CUresult result = enter_to_clear(call, &context);
  if (result) return result;
  Graph *graph = find_object(kind, handle, context);
  if (!graph) return leave(CUDA_ERROR_INVALID_VALUE);
  destroy_graph(graph);
  return leave(context->fatal);
}

CUresult cuGraphDestroy(CUgraph graph) { return destroy(__func__, GRAPH, graph); }

CUresult cuGraphExecDestroy(CUgraphExec exec) { return destroy(__func__, GRAPH_EXEC, exec); }
