# SPDX-License-Identifier: Apache-2.0
add_test(NAME tools.fuzz
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/fuzz/run.sh $<TARGET_FILE:orrery> ${CMAKE_SOURCE_DIR}
    $<$<BOOL:${ORRERY_SANITIZE}>:short>)
set_tests_properties(tools.fuzz PROPERTIES TIMEOUT 600 COST 60)
