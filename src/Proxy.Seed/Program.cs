using System.CommandLine;

var root = new RootCommand("The embedded cluster registry of TcpProxy: the contact point of nodes where no etcd is wanted.");
return root.Parse(args).Invoke();
