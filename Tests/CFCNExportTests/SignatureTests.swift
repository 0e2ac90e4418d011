import CFCN
import CFCNExport
import Testing

/// Compiles only where both have one type.
private func agree<Function>(_ declared: Function, _ exported: Function) {}

/// Every exported function beside its declaration in the header: a parameter that one side has
/// otherwise is an error of this file's compilation.
private func signatures() {
  agree(CFCN.fcn_version, CFCNExport.fcn_version)
  agree(CFCN.fcn_version_number, CFCNExport.fcn_version_number)
  agree(CFCN.fcn_abi_version, CFCNExport.fcn_abi_version)
  agree(CFCN.fcn_status_string, CFCNExport.fcn_status_string)
  agree(CFCN.fcn_last_error_message, CFCNExport.fcn_last_error_message)
  agree(CFCN.fcn_log_set, CFCNExport.fcn_log_set)
  agree(CFCN.fcn_about, CFCNExport.fcn_about)
  agree(CFCN.fcn_cuda_set_folders, CFCNExport.fcn_cuda_set_folders)
  agree(CFCN.fcn_backend_count, CFCNExport.fcn_backend_count)
  agree(CFCN.fcn_backend_get_info, CFCNExport.fcn_backend_get_info)
  agree(CFCN.fcn_image_open, CFCNExport.fcn_image_open)
  agree(CFCN.fcn_image_decode, CFCNExport.fcn_image_decode)
  agree(CFCN.fcn_image_copy, CFCNExport.fcn_image_copy)
  agree(CFCN.fcn_image_pixels, CFCNExport.fcn_image_pixels)
  agree(CFCN.fcn_image_save, CFCNExport.fcn_image_save)
  agree(CFCN.fcn_image_free, CFCNExport.fcn_image_free)
  agree(CFCN.fcn_model_open, CFCNExport.fcn_model_open)
  agree(CFCN.fcn_model_open_default, CFCNExport.fcn_model_open_default)
  agree(CFCN.fcn_model_open_memory, CFCNExport.fcn_model_open_memory)
  agree(CFCN.fcn_model_open_borrowed, CFCNExport.fcn_model_open_borrowed)
  agree(CFCN.fcn_model_open_reader, CFCNExport.fcn_model_open_reader)
  agree(CFCN.fcn_model_free, CFCNExport.fcn_model_free)
  agree(CFCN.fcn_model_get_info, CFCNExport.fcn_model_get_info)
  agree(CFCN.fcn_model_check, CFCNExport.fcn_model_check)
  agree(CFCN.fcn_model_get_graph, CFCNExport.fcn_model_get_graph)
  agree(CFCN.fcn_preprocessing_named, CFCNExport.fcn_preprocessing_named)
  agree(CFCN.fcn_model_get_preprocessing, CFCNExport.fcn_model_get_preprocessing)
  agree(CFCN.fcn_import_params_init, CFCNExport.fcn_import_params_init)
  agree(CFCN.fcn_model_import, CFCNExport.fcn_model_import)
  agree(CFCN.fcn_model_get_import_info, CFCNExport.fcn_model_get_import_info)
  agree(CFCN.fcn_model_save, CFCNExport.fcn_model_save)
  agree(CFCN.fcn_session_params_init, CFCNExport.fcn_session_params_init)
  agree(CFCN.fcn_session_create, CFCNExport.fcn_session_create)
  agree(CFCN.fcn_session_free, CFCNExport.fcn_session_free)
  agree(CFCN.fcn_session_set_progress, CFCNExport.fcn_session_set_progress)
  agree(CFCN.fcn_segment, CFCNExport.fcn_segment)
  agree(CFCN.fcn_segment_encoded, CFCNExport.fcn_segment_encoded)
  agree(CFCN.fcn_segment_file, CFCNExport.fcn_segment_file)
  agree(CFCN.fcn_segment_stream, CFCNExport.fcn_segment_stream)
  agree(CFCN.fcn_result_count, CFCNExport.fcn_result_count)
  agree(CFCN.fcn_result_size, CFCNExport.fcn_result_size)
  agree(CFCN.fcn_result_labels, CFCNExport.fcn_result_labels)
  agree(CFCN.fcn_result_scores, CFCNExport.fcn_result_scores)
  agree(CFCN.fcn_result_probabilities, CFCNExport.fcn_result_probabilities)
  agree(CFCN.fcn_result_areas, CFCNExport.fcn_result_areas)
  agree(CFCN.fcn_labels_save, CFCNExport.fcn_labels_save)
  agree(CFCN.fcn_labels_save_grey, CFCNExport.fcn_labels_save_grey)
  agree(CFCN.fcn_overlay, CFCNExport.fcn_overlay)
  agree(CFCN.fcn_sheet, CFCNExport.fcn_sheet)
  agree(CFCN.fcn_model_calibrate, CFCNExport.fcn_model_calibrate)
  agree(CFCN.fcn_trainer_params_init, CFCNExport.fcn_trainer_params_init)
  agree(CFCN.fcn_trainer_params_named, CFCNExport.fcn_trainer_params_named)
  agree(CFCN.fcn_trainer_create, CFCNExport.fcn_trainer_create)
  agree(CFCN.fcn_trainer_free, CFCNExport.fcn_trainer_free)
  agree(CFCN.fcn_trainer_run, CFCNExport.fcn_trainer_run)
}

@Suite struct SignatureTests {
  @Test func everyDeclarationIsHeldAgainstItsExport() throws {
    signatures()
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    for name in try HeaderText().functions {
      #expect(source.contains("agree(CFCN.\(name), CFCNExport.\(name))"))
    }
  }
}
