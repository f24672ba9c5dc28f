@echo off
rem Runs SparseLLM on Windows. Environment: SPARSELLM_JAVA (a java command or a JDK's folder), SPARSELLM_JAVA_OPTS (more JVM
rem options), JAVA_HOME.
setlocal
set "SPARSELLM_HOME=%~dp0.."
set "SPARSELLM_JAVA_COMMAND=java"
if defined JAVA_HOME set "SPARSELLM_JAVA_COMMAND=%JAVA_HOME%\bin\java"
if exist "%SPARSELLM_HOME%\runtime\bin\java.exe" set "SPARSELLM_JAVA_COMMAND=%SPARSELLM_HOME%\runtime\bin\java"
if defined SPARSELLM_JAVA set "SPARSELLM_JAVA_COMMAND=%SPARSELLM_JAVA%"
if exist "%SPARSELLM_JAVA_COMMAND%\bin\java.exe" set "SPARSELLM_JAVA_COMMAND=%SPARSELLM_JAVA_COMMAND%\bin\java"
rem The heap, and loops in strips, are as the launcher for sh has them; who names a collector gets nothing of the heap.
set "SPARSELLM_HEAP=-XX:+UseSerialGC -Xms32m -XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=20 -XX:-ShrinkHeapInSteps"
set SPARSELLM_JAVA_OPTS 2>nul | findstr /r /c:"-XX:+Use.*GC" >nul && set "SPARSELLM_HEAP="
"%SPARSELLM_JAVA_COMMAND%" -XX:MaxRAMPercentage=50 %SPARSELLM_HEAP% -XX:+UseCountedLoopSafepoints -XX:LoopStripMiningIter=1000 --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED %SPARSELLM_JAVA_OPTS% -cp "%SPARSELLM_HOME%\lib\*;%SPARSELLM_HOME%\plugins\*" dev.sparsellm.runtime.cli.Main %*
exit /b %ERRORLEVEL%
