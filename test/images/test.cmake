# SPDX-License-Identifier: Apache-2.0
# Disk images against qemu-img, and mutated ones. For long runs: test/images/fuzz PROGRAM 100000 SEED.
foreach(tool block_io qcow2_fuzz)
  string(REPLACE "_" "-" tool_name ${tool})
  add_executable(test-${tool_name} ${CMAKE_CURRENT_LIST_DIR}/${tool}.c)
  target_link_libraries(test-${tool_name} PRIVATE orrery_core)
endforeach()
target_link_options(test-block-io PRIVATE -Wl,--wrap=pwrite)
add_test(NAME images.qcow2 COMMAND ${CMAKE_CURRENT_LIST_DIR}/qcow2 $<TARGET_FILE:test-block-io> 100)
add_test(NAME images.fuzz COMMAND ${CMAKE_CURRENT_LIST_DIR}/fuzz $<TARGET_FILE:test-qcow2-fuzz> 100)
set_tests_properties(images.qcow2 images.fuzz PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
