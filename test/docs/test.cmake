# SPDX-License-Identifier: Apache-2.0
# The examples of docs/ are compiled as they stand: every ```c block of a page becomes one source.
function(doc_example page source)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/docs/${page}.example.h)
  add_custom_command(OUTPUT ${out}
    COMMAND awk -f ${CMAKE_SOURCE_DIR}/test/docs/extract.awk ${CMAKE_SOURCE_DIR}/docs/${page}.md > ${out}
    DEPENDS ${CMAKE_SOURCE_DIR}/docs/${page}.md VERBATIM)
  add_executable(test-docs.${page} ${CMAKE_SOURCE_DIR}/test/docs/${source} ${out})
  target_include_directories(test-docs.${page} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/docs)
  target_link_libraries(test-docs.${page} PRIVATE test_generic orrery_core PkgConfig::CHECK)
  add_test(NAME docs.${page} COMMAND test-docs.${page})
endfunction()
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/docs)
doc_example(devices devices.c)
