Console.Error.WriteLine("tcpproxy: nothing to run yet");
return 1;
