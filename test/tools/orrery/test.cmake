# SPDX-License-Identifier: Apache-2.0
add_test(NAME tools.orrery.parts
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/orrery/parts.sh $<TARGET_FILE:orrery>)
add_test(NAME tools.orrery.displays
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/orrery/displays.sh $<TARGET_FILE:orrery>)
add_test(NAME tools.orrery.media
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/orrery/media.sh $<TARGET_FILE_DIR:orrery>)
add_test(NAME tools.orrery.conform
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/orrery/conform.sh $<TARGET_FILE:orrery>)
add_test(NAME tools.orrery.bench
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/orrery/bench.sh $<TARGET_FILE:orrery>)
set_tests_properties(tools.orrery.parts tools.orrery.displays tools.orrery.media tools.orrery.conform tools.orrery.bench PROPERTIES TIMEOUT 120)
