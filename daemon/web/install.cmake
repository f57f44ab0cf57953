# cmake -DNPM=npm -DSOURCE=daemon/web -DFOLDER=build/web -P install.cmake: the libraries of the lock file into FOLDER.
file(MAKE_DIRECTORY ${FOLDER})
file(COPY ${SOURCE}/package.json ${SOURCE}/package-lock.json DESTINATION ${FOLDER})
execute_process(
  COMMAND ${NPM} ci --prefer-offline --ignore-scripts --no-audit --no-fund
  WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "install the dashboard's libraries: npm ci failed in ${FOLDER}:\n${output}\n"
    "npm must reach its registry once; afterwards builds are offline. Behind a proxy or with a mirror set "
    "https_proxy or npm's key \"registry\", then build again.")
endif()
file(TOUCH ${FOLDER}/installed)
